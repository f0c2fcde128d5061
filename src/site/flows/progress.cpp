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
  learn_duration();
  write("ended");
}

void Progress::stage(std::string name, std::size_t steps) {
  learn_duration();
  stage_ = std::move(name);
  steps_ = steps;
  done_ = 0;
  stage_since_ = clock_.now();
  write("running");
}

void Progress::step_done() {
  ++done_;
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
  out.done = static_cast<std::size_t>(std::max<std::int64_t>(0, document->get_int("done")));
  out.steps = static_cast<std::size_t>(std::max<std::int64_t>(0, document->get_int("steps")));
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
  const auto left = static_cast<double>(out.steps - std::min(out.steps, out.done));
  const Json* known = document->find("seconds_a_step");
  const Json* earlier = known == nullptr ? nullptr : known->find(out.stage);
  if (out.done > 0) {
    out.left = elapsed / static_cast<double>(out.done) * left;
  } else if (earlier != nullptr && earlier->is_number()) {
    out.left = std::max(Seconds(0), Seconds(earlier->as_double() * left) - elapsed);
  }
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
