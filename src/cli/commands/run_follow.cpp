#include "cli/commands/run_follow.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "site/flows/history.h"
#include "site/flows/progress.h"

namespace medperf::cli {
namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr Bytes kMostLog = mebibytes(32);
constexpr std::size_t kLongestLine = 400;
constexpr int kExitDied = 1;

/// The logs of a run: "b1-m2-d3" has one folder, "b1-d3" one for each model.
std::vector<fs::path> log_folders(const site::Workspace& workspace, const std::string& name) {
  std::vector<fs::path> out;
  int benchmark = 0, model = 0, dataset = 0;
  if (std::sscanf(name.c_str(), "b%d-m%d-d%d", &benchmark, &model, &dataset) == 3) {
    return {workspace.run_folder({benchmark}, {model}, {dataset}) / "logs"};
  }
  if (std::sscanf(name.c_str(), "dataset-%d", &dataset) == 1) {
    return {workspace.dataset_folder({dataset}) / "logs"};
  }
  if (std::sscanf(name.c_str(), "b%d-d%d", &benchmark, &dataset) != 2) return out;
  const std::string begin = fmt::format("{}-", benchmark);
  const std::string end = fmt::format("-{}", dataset);
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(workspace.root() / "runs", failure)) {
    const std::string folder = entry.path().filename().native();
    if (folder.starts_with(begin) && folder.ends_with(end)) out.push_back(entry.path() / "logs");
  }
  return out;
}

/// Shows what is written to the newest log from now on; what containers write is made safe.
class LogTail {
 public:
  explicit LogTail(std::vector<fs::path> folders) : folders_(std::move(folders)) {}

  std::vector<std::string> new_lines() {
    const fs::path newest = find_newest();
    if (newest.empty()) return {};
    const auto text = read_file(newest, kMostLog);
    if (!text.ok()) return {};
    if (newest != file_ || text->size() < shown_) shown_ = 0;
    file_ = newest;
    const std::size_t end = text->rfind('\n');
    if (end == std::string::npos || end + 1 <= shown_) return {};
    const std::string_view fresh = std::string_view(*text).substr(shown_, end - shown_);
    shown_ = end + 1;
    std::vector<std::string> out;
    for (const std::string_view line : split(fresh, '\n')) {
      out.push_back(printable(line, kLongestLine));
    }
    return out;
  }

 private:
  fs::path find_newest() const {
    fs::path newest;
    fs::file_time_type time = fs::file_time_type::min();
    std::error_code failure;
    for (const fs::path& folder : folders_) {
      for (const auto& entry : fs::directory_iterator(folder, failure)) {
        const auto written = entry.last_write_time(failure);
        if (failure || written < time) continue;
        time = written;
        newest = entry.path();
      }
    }
    return newest;
  }

  std::vector<fs::path> folders_;
  fs::path file_;
  std::size_t shown_ = 0;
};

std::string text_of(const site::ProgressView& view) {
  if (view.state == "ended") return fmt::format("{}: ended: {}", view.flow, view.end);
  if (view.state == "dead") {
    return fmt::format(
        "{}: dead: no heartbeat for {:.0f} s at stage {}; run its command again to "
        "go on",
        view.flow, view.silence.count(), view.stage);
  }
  std::string out = fmt::format("{}: {}", view.flow, view.stage);
  if (view.steps > 0) out += fmt::format(" {} of {}", view.done, view.steps);
  const bool one = view.cases.size() == 1;
  for (const site::CaseCount& run : view.cases) {
    out += one ? fmt::format(", {} of {} cases", run.done, run.total)
               : fmt::format("; {} {}/{} cases", printable(run.run, 60), run.done, run.total);
  }
  if (view.steps > 0 && view.left) out += fmt::format(", about {:.0f} s left", view.left->count());
  return out;
}

}  // namespace

Result<int> follow_run(Invocation& call, const std::string& name) {
  MEDPERF_TRY(site::Site * site, call.site());
  const std::string flow = site::progress_flow(name);
  LogTail log(log_folders(site->workspace(), name));
  std::string shown;
  for (;;) {
    const auto view = site::read_progress(site->workspace(), flow, call.clock().now());
    if (!view) {
      return make_error(ErrorKind::kNotFound, name, "nothing of this name ran here",
                        "'medperf run show' lists everything; 'b1-d3' follows all models of a "
                        "benchmark on a dataset");
    }
    const std::vector<std::string> lines = log.new_lines();
    for (const std::string& line : lines) call.out().line("  | " + line);
    std::string text = text_of(*view);
    if (text != shown || !lines.empty()) {
      Json snapshot = site::to_json(*view);
      snapshot.set("log", Json(Json::Array(lines.begin(), lines.end())));
      call.out().result_line(snapshot);
    }
    if (text != shown) call.out().line(text);
    shown = std::move(text);
    if (view->state == "ended") return 0;
    if (view->state == "dead") return kExitDied;
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, name, "no longer followed; it goes on");
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace medperf::cli
