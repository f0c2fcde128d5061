#include "site/serve/serve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "site/flows/disk.h"
#include "site/flows/progress.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

class Serve : public PaperHospital {
 protected:
  void SetUp() override {
    PaperHospital::SetUp();
    world_.hub.lists["me/datasets/associations/"] = {
        Json::object({{"dataset", 3},
                      {"benchmark", 1},
                      {"approval_status", "APPROVED"},
                      {"created_at", "2026-01-01T00:00:00.000000Z"}})};
    // Containers of the models' owner run unasked, as the policy of a served site says.
    std::string policy(default_policy());
    policy.replace(policy.find("approval: ask"), 13, "approval: allowed");
    policy.replace(policy.find("allowed_publishers: []"), 22, "allowed_publishers: [9]");
    ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml", policy).ok());
  }

  Status round(int die_at = 0) {
    const auto workspace = Workspace::open(world_.workspace()).value();
    AbsentPerson person(
        workspace, world_.clock,
        [this](std::string_view line) -> Status {
          notices_.emplace_back(line);
          if (mail_works_) return {};
          return make_error(ErrorKind::kUnavailable, "notify.command", "failed");
        },
        [this](std::string_view line) { told_.emplace_back(line); });
    ServeSetup setup;
    setup.once = true;
    setup.open = [&](Person& absent) -> Result<std::unique_ptr<Site>> {
      return world_.command(die_at, &absent);
    };
    return serve(workspace, person, setup);
  }

  std::vector<Waiting> waiting() {
    return WaitingList(Workspace::open(world_.workspace()).value()).all();
  }

  std::vector<std::string> notices_, told_;
  bool mail_works_ = true;
};

TEST_F(Serve, DoesWhatThePolicyAllowsAndListsWhatNeedsAPerson) {
  auto done = round();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(world_.engine.runs.size(), 7U) << "four inferences, three evaluations";
  EXPECT_EQ(finalized(), 0) << "nothing leaves without a person";
  ASSERT_EQ(waiting().size(), 2U) << "the results of the good and the reference model";
  EXPECT_TRUE(waiting().front().title.starts_with("Result of model"));
  EXPECT_EQ(waiting().front().command, "medperf benchmark run -b 1 -d 3");
  EXPECT_EQ(notices_.size(), 2U);
}

TEST_F(Serve, ASecondRoundRepeatsNothingAndTellsNobodyAgain) {
  ASSERT_TRUE(round().ok());
  const std::size_t containers = world_.engine.runs.size();
  const int writes = world_.hub.writes;
  ASSERT_TRUE(round().ok());
  EXPECT_EQ(world_.engine.runs.size(), containers);
  EXPECT_EQ(world_.hub.writes, writes);
  EXPECT_EQ(notices_.size(), 2U);
}

TEST_F(Serve, ANoticeThatFailedGoesOutInTheNextRound) {
  mail_works_ = false;
  ASSERT_TRUE(round().ok());
  EXPECT_EQ(notices_.size(), 2U);
  EXPECT_EQ(std::count_if(told_.begin(), told_.end(),
                          [](const std::string& line) { return line.starts_with("nobody could"); }),
            2);
  mail_works_ = true;
  ASSERT_TRUE(round().ok());
  EXPECT_EQ(notices_.size(), 4U);
  ASSERT_TRUE(round().ok());
  EXPECT_EQ(notices_.size(), 4U) << "told once";
  EXPECT_EQ(waiting().size(), 2U);
}

TEST(WaitingFile, OneOfAnEarlierVersionWasToldOf) {
  const TemporaryFolder folder;
  const auto workspace = Workspace::open(folder.path() / "w").value();
  const WaitingList list(workspace);
  const Waiting entry{"a title", "a command", "2026-01-01T00:00:00.000000Z"};
  EXPECT_EQ(list.note("k", entry).value(), Known::kNew);
  EXPECT_EQ(list.note("k", entry).value(), Known::kUntold) << "killed before the notice";
  ASSERT_TRUE(list.note_told("k").ok());
  EXPECT_EQ(list.note("k", entry).value(), Known::kTold);
  const fs::path file = workspace.waiting_folder() / "k.json";
  ASSERT_TRUE(write_file_atomically(
                  file, R"({"medperf":"medperf/waiting/v1","title":"t","command":"c","since":"s"})")
                  .ok());
  EXPECT_EQ(list.note("k", entry).value(), Known::kTold);
  ASSERT_TRUE(write_file_atomically(file, "{").ok());
  EXPECT_EQ(list.note("k", entry).value(), Known::kNew) << "what cannot be read is made anew";
}

TEST_F(Serve, WhatAPersonAnsweredNoLongerWaits) {
  ASSERT_TRUE(round().ok());
  ASSERT_TRUE(run().ok());
  EXPECT_EQ(finalized(), 2);
  ASSERT_TRUE(round().ok());
  EXPECT_TRUE(waiting().empty());
}

TEST_F(Serve, KilledAtAnyDoorGoesOn) {
  ASSERT_TRUE(round().ok());
  const int doors = world_.fate.passed;
  for (int die_at = 1; die_at <= doors; die_at += 3) {
    forget_everything();
    fs::remove_all(world_.workspace() / "waiting");
    EXPECT_THROW((void)round(die_at).ok(), Killed) << die_at;
    ASSERT_TRUE(round().ok()) << die_at;
    EXPECT_EQ(waiting().size(), 2U) << die_at;
    EXPECT_LE(world_.engine.runs.size(), 8U) << die_at;
  }
}

TEST_F(Serve, OneServesAWorkspace) {
  const auto workspace = Workspace::open(world_.workspace()).value();
  const auto held = workspace.lock("site-serve");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(round().error().kind, ErrorKind::kBusy);
}

TEST_F(Serve, PausesDoubleUpToAQuarterOfAnHour) {
  EXPECT_EQ(pause_after(0, Seconds(60)), Seconds(60));
  EXPECT_EQ(pause_after(1, Seconds(60)), Seconds(120));
  EXPECT_EQ(pause_after(2, Seconds(60)), Seconds(240));
  EXPECT_EQ(pause_after(50, Seconds(60)), Seconds(900));
  EXPECT_EQ(pause_after(3, Seconds(3600)), Seconds(3600)) << "never shorter than asked for";
}

TEST(Notify, GivesTheLineOnStandardInputAndNothingElse) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "mail box";
  const std::map<std::string, std::string> environment = {{"PATH", "/usr/bin:/bin"},
                                                          {"MEDPERF_SECRET", "hidden"}};
  const std::string command = "sh -c 'cat > \"$0\"; env >> \"$0\"' '" + file.native() + "'";
  auto told = notify_by_command(command, environment, "a title; $(reboot)");
  ASSERT_TRUE(told.ok()) << told.error().text();
  const std::string text = read_file(file).value();
  EXPECT_TRUE(text.starts_with("a title; $(reboot)\n")) << text;
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_FALSE(notify_by_command("false", environment, "x").ok());
  EXPECT_FALSE(notify_by_command("'open quote", environment, "x").ok());
  EXPECT_TRUE(notify_by_command("", environment, "x").ok());
}

TEST(ProgressFile, TellsHowFarAndHowLongAndWhenItDied) {
  const TemporaryFolder folder;
  const auto workspace = Workspace::open(folder.path() / "w").value();
  ManualClock clock{SystemClock().now()};
  EXPECT_FALSE(read_progress(workspace, "b1-d3", clock.now()).has_value());
  {
    Progress progress(workspace, "b1-d3", clock);
    progress.stage("infer", 4);
    clock.advance(std::chrono::seconds(10));
    progress.step_done();
    auto view = read_progress(workspace, "b1-d3", clock.now());
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->state, "running");
    EXPECT_EQ(view->done, 1U);
    EXPECT_EQ(view->steps, 4U);
    EXPECT_NEAR(view->left->count(), 30, 1e-6);
    Timestamp later = clock.now();
    later.microseconds += 60'000'000;
    EXPECT_EQ(read_progress(workspace, "b1-d3", later)->state, "dead");
    clock.advance(std::chrono::seconds(10));
    for (int i = 0; i < 3; ++i) progress.step_done();
    progress.end_with("done");
  }
  auto view = read_progress(workspace, "b1-d3", clock.now());
  EXPECT_EQ(view->state, "ended");
  EXPECT_EQ(view->end, "done");
  // The next command knows how long a step took.
  Progress next(workspace, "b1-d3", clock);
  next.stage("infer", 2);
  EXPECT_NEAR(read_progress(workspace, "b1-d3", clock.now())->left->count(), 10, 1e-6);
}

TEST_F(Serve, DiskIsEstimatedFromEarlierRunsAndRefusedWithFigures) {
  ASSERT_TRUE(run().ok());
  const fs::path predictions = world_.workspace() / "runs/1-5-3/predictions";
  ASSERT_TRUE(write_file_atomically(predictions / "large.bin", std::string(3 << 20, 'x')).ok());
  auto site = world_.command();
  Journal journal = Journal::open(world_.workspace() / "journal/new.jsonl", world_.clock).value();
  Evaluation evaluation;
  evaluation.shards = 4;
  evaluation.data.data = data_ / "data";
  evaluation.model_image.image.image = ImageId::parse(std::string(64, 'c')).value();
  engine::Layer layer;
  layer.size = mebibytes(7);
  evaluation.model_image.image.layers = {layer};
  ModelWork work;
  work.journal = &journal;
  work.evaluation = &evaluation;
  const DiskNeed need = estimate_disk(*site, std::span<const ModelWork>(&work, 1)).value();
  EXPECT_EQ(need.images, mebibytes(7));
  EXPECT_GE(need.outputs.value, 2U * (3U << 20)) << "shards and what is made of them";
  EXPECT_GT(need.shards.value, 0U);
  EXPECT_TRUE(check_disk(need, mebibytes(200), "/w").ok());
  auto refused = check_disk(need, mebibytes(20), "/w");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("images need 7.3 MB"), std::string::npos)
      << refused.error().what;
}

TEST(Storage, OnlyWhatNobodyWorksOnCanGo) {
  const TemporaryFolder folder;
  const auto workspace = Workspace::open(folder.path() / "w").value();
  const auto make = [&](const char* name) {
    fs::create_directories(workspace.root() / name);
    EXPECT_TRUE(write_file_atomically(workspace.root() / name / "f", "x").ok());
  };
  make("shards/0123456789abcdef0123");
  make("runs/1-2-3/predictions");
  make("runs/1-2-3/predictions.part");
  make("runs/1-4-3/evaluation.part.77-0");
  make("demo/fedcba98765432100000");
  const auto busy = workspace.lock("b1-m4-d3");
  const auto things = removable_things(workspace);
  std::vector<std::string> paths;
  for (const Removable& thing : things) {
    paths.push_back(thing.path.lexically_relative(workspace.root()).native());
    EXPECT_TRUE(remove_thing(workspace, thing).ok());
  }
  EXPECT_EQ(paths,
            (std::vector<std::string>{"shards/0123456789abcdef0123", "runs/1-2-3/predictions.part",
                                      "demo/fedcba98765432100000"}));
  EXPECT_TRUE(fs::exists(workspace.root() / "runs/1-2-3/predictions/f"));
  EXPECT_TRUE(fs::exists(workspace.root() / "runs/1-4-3/evaluation.part.77-0"));
  EXPECT_TRUE(removable_things(workspace).empty());
}

TEST(ProgressFile, CasesSayMoreThanSteps) {
  const TemporaryFolder folder;
  const auto workspace = Workspace::open(folder.path() / "w").value();
  ManualClock clock{SystemClock().now()};
  Progress progress(workspace, "b1-d3", clock);
  progress.stage("infer", 2);
  clock.advance(std::chrono::seconds(10));
  progress.cases({{"b1-m5-d3 shard-1", 2, 10}, {"b1-m5-d3 shard-2", 3, 10}});
  auto view = read_progress(workspace, "b1-d3", clock.now());
  ASSERT_EQ(view->cases.size(), 2U);
  EXPECT_EQ(view->cases[1], (CaseCount{"b1-m5-d3 shard-2", 3, 10}));
  EXPECT_NEAR(view->left->count(), 30, 1e-6) << "15 of 20 are left, 5 took 10 s";
  progress.stage("evaluate", 1);
  EXPECT_TRUE(read_progress(workspace, "b1-d3", clock.now())->cases.empty());
}

TEST_F(Serve, CasesAreCountedWhileARunGoesOn) {
  let_cases_be_shared();
  std::vector<CaseCount> seen;
  const auto slow = [&](const engine::RunSpec& spec) {
    const fs::path out = mount_of(spec, "/m/output_path") / "p.csv";
    EXPECT_TRUE(write_file_atomically(out, "case_id\nc0\nc1\nc").ok());
    const auto workspace = Workspace::open(world_.workspace()).value();
    for (int i = 0; i < 6000 && (seen.empty() || seen[0].done == 0); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // it is looked in its own time
      if (const auto view = read_progress(workspace, "b1-d3", world_.clock.now()))
        seen = view->cases;
    }
    EXPECT_TRUE(write_file_atomically(out, "case_id\nc0\nc1\nc2\nc3\nc4\n").ok());
    return success();
  };
  add_model(
      5, "good",
      world_.add_container(15, "good", "infer", volumes({"data_path"}, {"output_path"}), slow));
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0], (CaseCount{"b1-m5-d3", 2, 5})) << "half a row is no case";
}

TEST(ProgressFile, ARunOfOneModelIsCoveredByItsFlow) {
  EXPECT_EQ(progress_flow("b1-m22-d3"), "b1-d3");
  EXPECT_EQ(progress_flow("b1-d3"), "b1-d3");
  EXPECT_EQ(progress_flow("dataset-3"), "dataset-3");
}

}  // namespace
}  // namespace medperf::site
