#include "site/flows/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "crypto/sha256.h"

namespace medperf::site {
namespace {

Error disk_error(const fs::path& file, std::string_view what) {
  const int code = errno;
  const char* advice = code == ENOSPC || code == EDQUOT
                           ? "free space on the disk and run the command again"
                           : "check the folder's permissions and disk";
  return make_error(ErrorKind::kUnavailable, file.string(),
                    fmt::format("{}: {}", what, std::strerror(code)), advice);
}

/// Makes a new file's name durable too.
void sync_folder(const fs::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.is_open()) ::fsync(handle.get());
}

}  // namespace

StepKey step_key(std::string_view step, const Json& inputs) {
  return crypto::digest_of<StepKey>(
      to_canonical(Json::object({{"step", step}, {"inputs", inputs}})));
}

Result<Journal::Line> Journal::read_line(std::string_view text) {
  MEDPERF_TRY(Json document, parse_json(text));
  if (document.get_string("medperf") != kJournalVersion) {
    return make_error(ErrorKind::kCorrupt, "", "the line is of an unknown version");
  }
  const Json* output = document.find("output");
  Line line{document.get_string("step"), document.get_string("key"),
            output == nullptr ? Json() : *output};
  if (line.step.empty() || line.key.empty()) {
    return make_error(ErrorKind::kCorrupt, "", "the line lacks step or key");
  }
  return line;
}

Result<std::size_t> Journal::read() {
  auto content = read_file(file_);
  if (!content.ok()) {
    if (content.error().kind == ErrorKind::kNotFound) return std::size_t{0};
    return std::move(content).error();
  }
  std::string_view rest = *content;
  std::size_t whole = 0;
  int number = 0;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;  // torn by a kill: never acknowledged
    ++number;
    auto line = read_line(rest.substr(0, end));
    if (!line.ok()) {
      return make_error(ErrorKind::kCorrupt, fmt::format("{}: line {}", file_.string(), number),
                        "the journal was changed or damaged",
                        "move the file away; finished work on the hub is found again",
                        line.error().text());
    }
    lines_.push_back(std::move(*line));
    whole += end + 1;
    rest.remove_prefix(end + 1);
  }
  return content->size() - whole;
}

Result<Journal> Journal::open(const fs::path& file, const Clock& clock) {
  Journal journal(file, clock);
  MEDPERF_TRY(const std::size_t torn, journal.read());
  if (torn == 0) return journal;
  std::error_code failure;
  fs::resize_file(file, fs::file_size(file, failure) - torn, failure);
  if (failure) {
    errno = failure.value();
    return disk_error(file, "the journal's torn last line cannot be cut off");
  }
  return journal;
}

Result<Journal> Journal::peek(const fs::path& file, const Clock& clock) {
  Journal journal(file, clock);
  MEDPERF_CHECK(journal.read());
  return journal;
}

const Json* Journal::find(std::string_view step, const StepKey& key) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->step == step && line->key == key.hex()) {
      return line->output.is_null() ? nullptr : &line->output;
    }
  }
  return nullptr;
}

const Json* Journal::latest(std::string_view step) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->step == step) return line->output.is_null() ? nullptr : &line->output;
  }
  return nullptr;
}

std::string Journal::newest_of(std::initializer_list<std::string_view> steps) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    const bool wanted = std::find(steps.begin(), steps.end(), line->step) != steps.end();
    if (wanted && !line->output.is_null()) return line->step;
  }
  return {};
}

Status Journal::append(const Line& line) {
  const std::string text = to_canonical(Json::object({{"medperf", kJournalVersion},
                                                      {"at", to_iso8601(clock_->now())},
                                                      {"step", line.step},
                                                      {"key", line.key},
                                                      {"output", line.output}})) +
                           "\n";
  const bool is_new = !fs::exists(file_);
  FileHandle handle(
      ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!handle.is_open()) return disk_error(file_, "the journal cannot be opened");
  struct stat before {};
  if (::fstat(handle.get(), &before) != 0) return disk_error(file_, "the journal cannot be read");
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(handle.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      Error error = disk_error(file_, "the journal cannot be written");
      // Half a line must not stand before a later one.
      if (::ftruncate(handle.get(), before.st_size) != 0) error.cause = "half a line stayed";
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(handle.get()) != 0) return disk_error(file_, "the journal cannot be synced");
  if (is_new) sync_folder(file_.parent_path());
  return {};
}

Status Journal::note(std::string_view step, const StepKey& key, Json output) {
  if (output.is_null()) output = Json::object();
  Line line{std::string(step), key.hex(), std::move(output)};
  MEDPERF_CHECK(append(line));
  lines_.push_back(std::move(line));
  return {};
}

Status Journal::forget(std::string_view step, const StepKey& key) {
  Line line{std::string(step), key.hex(), Json()};
  MEDPERF_CHECK(append(line));
  lines_.push_back(std::move(line));
  return {};
}

Result<int> Journal::forget_refusals() {
  std::vector<Line> taken_back;
  for (const Line& line : lines_) {
    const Json* newest = nullptr;
    for (const Line& other : lines_) {
      if (other.step == line.step && other.key == line.key) newest = &other.output;
    }
    if (newest != &line.output) continue;
    if (line.output.get_bool("failed") || line.output.get_string("answer") == "no") {
      taken_back.push_back({line.step, line.key, Json()});
    }
  }
  for (Line& line : taken_back) {
    MEDPERF_CHECK(append(line));
    lines_.push_back(std::move(line));
  }
  return static_cast<int>(taken_back.size());
}

Result<Json> run_step(Journal& journal, std::string_view step, const Json& inputs,
                      const std::function<Result<Json>()>& work, bool* ran) {
  const StepKey key = step_key(step, inputs);
  if (const Json* output = journal.find(step, key)) {
    if (ran != nullptr) *ran = false;
    return *output;
  }
  if (ran != nullptr) *ran = true;
  MEDPERF_TRY(Json output, work());
  MEDPERF_CHECK(journal.note(step, key, output));
  if (output.is_null()) output = Json::object();
  return output;
}

}  // namespace medperf::site
