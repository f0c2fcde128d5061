#include "engine/probe/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "engine/podman/run.h"

namespace medperf::engine {
namespace {

using ::testing::HasSubstr;

Json good_report() {
  return Json::object({{"interfaces", "lo"},
                       {"connect", "ENETUNREACH"},
                       {"root", "EROFS"},
                       {"input", "EROFS"},
                       {"output", "written"},
                       {"uid", 1000},
                       {"cap_eff", "0000000000000000"},
                       {"cap_bnd", "0000000000000000"},
                       {"no_new_privs", "1"},
                       {"seccomp", "2"}});
}

TEST(JudgeReport, EachBreachIsSeen) {
  for (const auto& wall : judge_report(good_report())) EXPECT_TRUE(wall.stands) << wall.name;
  const std::vector<std::tuple<std::string, Json, std::string>> breaches = {
      {"interfaces", "lo eth0", "network"},
      {"connect", "EINPROGRESS", "network"},
      {"root", "written", "read-only-root"},
      {"input", "written", "inputs-read-only"},
      {"uid", 0, "user"},
      {"cap_eff", "00000000a80425fb", "capabilities"},
      {"cap_bnd", "00000000a80425fb", "capabilities"},
      {"no_new_privs", "0", "no-new-privileges"},
      {"seccomp", "0", "seccomp"}};
  for (const auto& [key, value, name] : breaches) {
    Json report = good_report();
    report.set(key, value);
    for (const auto& wall : judge_report(report))
      EXPECT_EQ(wall.stands, wall.name != name) << key << " " << wall.name;
  }
  for (const auto& wall : judge_report(Json::object())) EXPECT_FALSE(wall.stands) << wall.name;
}

TEST(JudgeLimits, ProofOrReason) {
  ProbeSubject subject;
  RunOutcome outcome;
  outcome.end = RunEnd::kOutOfMemory;
  EXPECT_TRUE(judge_memory(outcome, subject).stands);
  outcome.end = RunEnd::kKilled;
  EXPECT_FALSE(judge_memory(outcome, subject).stands);
  outcome.end = RunEnd::kSuccess;
  PodmanSetup setup;
  setup.machine = CgroupVersion::kV1;
  setup.mode = LimitMode::kNone;
  setup.place.missing = "no group";
  subject.limits_missing = limits_missing(setup);
  subject.limits_advice = limits_advice(setup);
  const auto wall = judge_memory(outcome, subject);
  EXPECT_FALSE(wall.stands);
  EXPECT_THAT(wall.reason, HasSubstr("cgroup v1 and rootless"));
  EXPECT_THAT(wall.advice, HasSubstr("cgroup-delegate.sh"));
  outcome.log_tail = "{\"forked\":300,\"stopped\":\"none\"}\n";
  EXPECT_FALSE(judge_pids(outcome, 64, subject).stands);
  outcome.log_tail = "{\"forked\":61,\"stopped\":\"EAGAIN\"}\n";
  EXPECT_TRUE(judge_pids(outcome, 64, subject).stands);
  EXPECT_FALSE(judge_wall_time(outcome, Seconds{1}).stands);
  outcome.end = RunEnd::kTimedOut;
  EXPECT_TRUE(judge_wall_time(outcome, Seconds{1}).stands);
  EXPECT_FALSE(judge_pids(make_error(ErrorKind::kBusy, "", "x"), 64, subject).stands);
}

/// An engine that has every image and runs nothing.
class NoEngine : public Engine {
 public:
  std::string description() const override { return "none"; }
  bool takes(std::string_view) const override { return false; }
  Result<bool> has_image(const ImageId&) override { return true; }
  Status load(const fs::path&, const ImageId&) override { return {}; }
  Status remove_image(const ImageId&) override { return {}; }
  Result<RunOutcome> run(const RunSpec&) override { return RunOutcome(); }
  Result<int> sweep(const std::function<bool(std::string_view)>&) override { return 0; }
  Result<WallReport> probe() override { return WallReport(); }
};

/// Walls that show from the `shows`-th trial on; counts the trials of each kind.
struct CrowdedMachine {
  NoEngine engine;
  ProbeSubject subject;
  std::mutex mutex;
  std::map<std::string, int> trials;
  int shows = 1;

  CrowdedMachine() {
    subject.engine = &engine;
    subject.folder = fs::path(::testing::TempDir());
    subject.program = subject.folder / "medperf-probe-of-probe-test";
    EXPECT_TRUE(write_file_atomically(subject.program, "program").ok());
    subject.run = [this](const RunSpec& spec) { return outcome_of(spec); };
  }
  ~CrowdedMachine() { fs::remove(subject.program); }

  Result<RunOutcome> outcome_of(const RunSpec& spec) {
    const std::lock_guard lock(mutex);
    const std::string& what = spec.command.front();
    const bool shown = ++trials[what] >= shows;
    RunOutcome out;
    if (what == "report") out.log_tail = to_text(good_report()) + "\n";
    if (what == "touch") out.end = shown ? RunEnd::kOutOfMemory : RunEnd::kKilled;
    if (what == "fork" && shown) out.log_tail = "{\"forked\":62,\"stopped\":\"EAGAIN\"}\n";
    if (what == "sleep" && !shown) return make_error(ErrorKind::kUnavailable, "engine", "busy");
    if (what == "sleep") out.end = RunEnd::kTimedOut;
    return out;
  }
};

TEST(ProveWalls, WhatACrowdedMachineHidesIsTriedAgain) {
  CrowdedMachine machine;
  for (const int shows : {1, 2, 3}) {
    machine.shows = shows;
    machine.trials.clear();
    const auto report = prove_walls(machine.subject);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->walls.size(), 10u);
    EXPECT_TRUE(report->all_stand());
    for (const char* what : {"touch", "fork", "sleep"}) EXPECT_EQ(machine.trials[what], shows);
    EXPECT_EQ(machine.trials["report"], 1);
  }
}

TEST(ProveWalls, WhatNeverShowsDoesNotStand) {
  CrowdedMachine machine;
  machine.shows = 100;
  const auto report = prove_walls(machine.subject);
  ASSERT_TRUE(report.ok()) << report.error().text();
  for (const char* name : {"memory", "pids", "wall-time"}) {
    ASSERT_NE(report->find(name), nullptr);
    EXPECT_FALSE(report->find(name)->stands) << name;
    EXPECT_FALSE(report->find(name)->reason.empty()) << name;
  }
  EXPECT_EQ(machine.trials["touch"], 3);
}

TEST(ProveWalls, WhatIsKnownToBeMissingIsTriedOnce) {
  CrowdedMachine machine;
  machine.shows = 100;
  machine.subject.limits_missing = "no group";
  const auto report = prove_walls(machine.subject);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->all_stand());
  EXPECT_EQ(machine.trials["touch"], 1);
  EXPECT_EQ(machine.trials["sleep"], 1);
}

}  // namespace
}  // namespace medperf::engine
