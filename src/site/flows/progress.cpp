#include "site/flows/progress.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "site/site.h"

namespace medperf::site {
namespace {

constexpr std::chrono::seconds kBeat{5};
constexpr Seconds kDeadAfter{30};
constexpr double kMicroseconds = 1e6;

Seconds between(Timestamp from, Timestamp to) {
  return Seconds(static_cast<double>(to.microseconds - from.microseconds) / kMicroseconds);
}

std::optional<Json> read_document(const fs::path& file) {
  const auto text = read_file(file, mebibytes(1));
  if (!text.ok()) return std::nullopt;
  auto document = parse_json(*text);
  if (!document.ok() || document->get_string("medperf") != kProgressVersion) return std::nullopt;
  return std::move(*document);
}

Json cases_json(const std::vector<CaseCount>& cases) {
  Json out = Json::array();
  for (const CaseCount& one : cases) {
    out.push(Json::object({{"run", one.run}, {"done", one.done}, {"total", one.total}}));
  }
  return out;
}

std::size_t count_of(const Json& object, std::string_view key) {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, object.get_int(key)));
}

std::vector<CaseCount> cases_from(const Json& document) {
  std::vector<CaseCount> out;
  const Json* cases = document.find("cases");
  if (cases == nullptr || !cases->is_array()) return out;
  for (const Json& one : cases->items())
    out.push_back({one.get_string("run"), count_of(one, "done"), count_of(one, "total")});
  return out;
}

/// Of the stage: from its cases, else from its steps, else from earlier runs.
std::optional<Seconds> time_left(const ProgressView& view, Seconds elapsed, const Json* earlier) {
  double done = 0;
  double total = 0;
  for (const CaseCount& one : view.cases) {
    done += static_cast<double>(std::min(one.done, one.total));
    total += static_cast<double>(one.total);
  }
  if (done > 0) return elapsed / done * (total - done);
  const auto left = static_cast<double>(view.steps - std::min(view.steps, view.done));
  if (view.done > 0) return elapsed / static_cast<double>(view.done) * left;
  if (earlier == nullptr || !earlier->is_number()) return std::nullopt;
  return std::max(Seconds(0), Seconds(earlier->as_double() * left) - elapsed);
}

}  // namespace

Progress::Progress(const Workspace& workspace, std::string flow, const Clock& clock)
    : file_(workspace.progress_file(flow)),
      flow_(std::move(flow)),
      clock_(clock),
      started_(clock.now()),
      stage_("preparing"),
      stage_since_(started_) {
  if (const auto earlier = read_document(file_)) {
    if (const Json* known = earlier->find("seconds_a_step"); known != nullptr) {
      for (const auto& [name, value] : known->members()) {
        if (value.is_number()) seconds_a_step_[name] = value.as_double();
      }
    }
  }
  write("running");
  heart_ = std::thread([this] { beat(); });
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  stop_.notify_all();
  heart_.join();
  const std::lock_guard lock(facts_);
  learn_duration();
  write("ended");
}

void Progress::stage(std::string name, std::size_t steps) {
  const std::lock_guard lock(facts_);
  learn_duration();
  stage_ = std::move(name);
  steps_ = steps;
  done_ = 0;
  cases_.clear();
  stage_since_ = clock_.now();
  write("running");
}

void Progress::step_done() {
  const std::lock_guard lock(facts_);
  ++done_;
  write("running");
}

void Progress::cases(std::vector<CaseCount> runs) {
  const std::lock_guard lock(facts_);
  if (runs == cases_) return;
  cases_ = std::move(runs);
  write("running");
}

/// Only whole stages teach: the first step of many says little when several run at once.
void Progress::learn_duration() {
  if (steps_ == 0 || done_ < steps_) return;
  seconds_a_step_[stage_] =
      between(stage_since_, clock_.now()).count() / static_cast<double>(steps_);
}

void Progress::write(std::string_view state) {
  Json durations = Json::object();
  for (const auto& [name, seconds] : seconds_a_step_) durations.set(name, seconds);
  Json document = Json::object({{"medperf", kProgressVersion},
                                {"flow", flow_},
                                {"state", state},
                                {"stage", stage_},
                                {"done", done_},
                                {"steps", steps_},
                                {"started_at", to_iso8601(started_)},
                                {"stage_since", to_iso8601(stage_since_)},
                                {"seconds_a_step", std::move(durations)}});
  if (!cases_.empty()) document.set("cases", cases_json(cases_));
  if (state == "ended") document.set("end", end_);
  // Not synced: after a power cut nothing runs that it could tell of.
  const fs::path beside = file_.native() + ".part";
  if (!write_copy(beside, to_text(document)).ok()) return;
  std::error_code ignored;
  fs::rename(beside, file_, ignored);
}

void Progress::beat() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kBeat, [this] { return over_; })) {
    ::utimensat(AT_FDCWD, file_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  }
}

FlowProgress::FlowProgress(Site& site, std::string flow)
    : site_(site),
      progress_(std::make_unique<Progress>(site.workspace(), std::move(flow), site.clock())) {
  site_.report_progress_to(progress_.get());
}

FlowProgress::~FlowProgress() {
  site_.report_progress_to(nullptr);
}

std::optional<ProgressView> read_progress(const Workspace& workspace, const std::string& flow,
                                          Timestamp now) {
  const fs::path file = workspace.progress_file(flow);
  const auto document = read_document(file);
  struct stat info {};
  if (!document || ::lstat(file.c_str(), &info) != 0) return std::nullopt;
  ProgressView out;
  out.flow = flow;
  out.stage = document->get_string("stage");
  out.state = document->get_string("state");
  out.end = document->get_string("end");
  out.done = count_of(*document, "done");
  out.steps = count_of(*document, "steps");
  out.cases = cases_from(*document);
  out.started = document->get_string("started_at");
  const Timestamp beat{static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000 +
                       info.st_mtim.tv_nsec / 1000};
  out.silence = std::max(Seconds(0), between(beat, now));
  if (out.state != "running") return out;
  if (out.silence > kDeadAfter) {
    out.state = "dead";
    return out;
  }
  const auto since = parse_iso8601(document->get_string("stage_since"));
  const Seconds elapsed = since.ok() ? between(*since, now) : Seconds(0);
  const Json* known = document->find("seconds_a_step");
  out.left = time_left(out, elapsed, known == nullptr ? nullptr : known->find(out.stage));
  return out;
}

Json to_json(const ProgressView& view) {
  Json out = Json::object({{"flow", view.flow},
                           {"state", view.state},
                           {"stage", view.stage},
                           {"done", view.done},
                           {"steps", view.steps},
                           {"started_at", view.started},
                           {"seconds_since_heartbeat", view.silence.count()},
                           {"seconds_left", view.left ? Json(view.left->count()) : Json()}});
  if (!view.cases.empty()) out.set("cases", cases_json(view.cases));
  if (view.state == "ended") out.set("end", view.end);
  return out;
}

std::string progress_flow(const std::string& run) {
  const auto model = run.find("-m");
  const auto dataset = run.find("-d", model == std::string::npos ? 0 : model);
  if (!run.starts_with('b') || model == std::string::npos || dataset == std::string::npos) {
    return run;
  }
  return run.substr(0, model) + run.substr(dataset);
}

}  // namespace medperf::site
