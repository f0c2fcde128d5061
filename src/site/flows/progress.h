#pragma once
// How far a running flow got, as a file that others read: stage, steps done, and a heartbeat, which
// is the file's time of change.

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "site/workspace/workspace.h"

namespace medperf::site {

class Site;

/// How many cases of one run are done.
struct CaseCount {
  std::string run;  ///< "b1-m2-d3", "b1-m2-d3 shard-1", "dataset 3"
  std::size_t done = 0, total = 0;
  bool operator==(const CaseCount&) const = default;
};

inline constexpr std::string_view kProgressVersion = "medperf/progress/v1";

/// Written by the one command that holds the flow. The heart beats in a thread of its own.
class Progress {
 public:
  /// Takes over what earlier commands learnt of durations. A file that cannot be written is no
  /// error: progress is a service, not part of the work.
  Progress(const Workspace& workspace, std::string flow, const Clock& clock);
  /// Says that the flow has ended.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void stage(std::string name, std::size_t steps);
  void step_done();
  /// How far the cases of this stage's runs got. From any thread.
  void cases(std::vector<CaseCount> runs);
  /// "done", or why it ended; shown at the end.
  void end_with(std::string how) { end_ = std::move(how); }

 private:
  void learn_duration();
  /// With facts_ held.
  void write(std::string_view state);
  void beat();

  fs::path file_;
  std::string flow_;
  const Clock& clock_;
  Timestamp started_;
  std::string stage_, end_ = "stopped";
  std::size_t done_ = 0, steps_ = 0;
  std::vector<CaseCount> cases_;
  Timestamp stage_since_;
  std::mutex facts_;                              // what the file says
  std::map<std::string, double> seconds_a_step_;  ///< by stage, of whole stages
  std::mutex mutex_;
  std::condition_variable stop_;
  bool over_ = false;
  std::thread heart_;  // last: it uses the others
};

/// The progress of the site's work as long as it lives.
class FlowProgress {
 public:
  FlowProgress(Site& site, std::string flow);
  ~FlowProgress();
  FlowProgress(const FlowProgress&) = delete;
  FlowProgress& operator=(const FlowProgress&) = delete;
  Progress* operator->() const { return progress_.get(); }

 private:
  Site& site_;
  std::unique_ptr<Progress> progress_;
};

struct ProgressView {
  std::string flow, stage;
  std::string state;  ///< "running", "ended", "dead": no heartbeat for too long
  std::string end;    ///< how it ended
  std::size_t done = 0, steps = 0;
  std::vector<CaseCount> cases;  ///< of each run of this stage that tells
  std::string started;
  Seconds silence{0};           ///< since the last heartbeat
  std::optional<Seconds> left;  ///< of this stage; nothing: unknown
};
/// Nothing when no command of this version ran the flow. `now` is the machine's clock, as the
/// file's times are.
std::optional<ProgressView> read_progress(const Workspace& workspace, const std::string& flow,
                                          Timestamp now);
Json to_json(const ProgressView& view);

/// The flow whose progress covers a run: "b1-d3" for "b1-m2-d3"; others are their own.
std::string progress_flow(const std::string& run);

}  // namespace medperf::site
