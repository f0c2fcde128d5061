#include "site/flows/run.h"

#include <gtest/gtest.h>

#include "result/statement.h"
#include "site/flows/decision.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

class Run : public PaperHospital {};

TEST_F(Run, OneModelsFailureSparesTheOthers) {
  auto runs = run();
  ASSERT_TRUE(runs.ok()) << runs.error().text();
  const auto by_model = states(*runs);
  EXPECT_EQ(by_model.at(5), RunState::kSubmitted) << runs->front().reason;
  EXPECT_EQ(by_model.at(6), RunState::kFailed);
  EXPECT_EQ(by_model.at(7), RunState::kRefused);
  EXPECT_EQ(by_model.at(4), RunState::kSubmitted);
  EXPECT_EQ(runs->back().model, ModelId{4}) << "the reference model comes last";
  EXPECT_NE((*runs)[1].reason.find("exit code 3"), std::string::npos);
  EXPECT_NE((*runs)[2].reason.find("patients"), std::string::npos);
  EXPECT_EQ(finalized(), 2);
}

TEST_F(Run, WhatLeavesIsTheRoundedEnvelopeWithAValidStatement) {
  ASSERT_TRUE(run().ok());
  for (const auto& [id, row] : world_.hub.results) {
    if (!row.get_bool("finalized")) continue;
    const Json* results = row.find_path({"results", "results"});
    ASSERT_NE(results, nullptr);
    EXPECT_EQ(results->find("accuracy")->as_double(), 0.123457);
    const Json* dsse = row.find_path({"metadata", "medperf", "statement"});
    ASSERT_NE(dsse, nullptr);
    auto key = crypto::SigningKey::load(world_.workspace() / "keys/site.key");
    ASSERT_TRUE(key.ok());
    auto statement = result::verify_statement(*dsse, key->verify_key());
    ASSERT_TRUE(statement.ok()) << statement.error().text();
    EXPECT_EQ(statement->dataset, 3);
    EXPECT_EQ(statement->envelope_digest, crypto::sha256_hex(to_canonical(*row.find("results"))));
    EXPECT_EQ(statement->containers.size(), 2U);
  }
}

TEST_F(Run, SecondRunStartsNothingAndWritesNothing) {
  ASSERT_TRUE(run().ok());
  const std::size_t containers = world_.engine.runs.size();
  const int writes = world_.hub.writes;
  auto runs = run();
  ASSERT_TRUE(runs.ok());
  EXPECT_EQ(world_.engine.runs.size(), containers);
  EXPECT_EQ(world_.hub.writes, writes);
  EXPECT_TRUE(world_.person->asked.empty());
  for (const ModelRun& model : *runs) {
    EXPECT_TRUE(model.noted || model.state == RunState::kAlready) << model.name;
  }
}

TEST_F(Run, KilledAtAnyDoorEndsTheSame) {
  ASSERT_TRUE(run().ok());
  const int doors = world_.fate.passed;
  ASSERT_GT(doors, 30);
  for (int die_at = 1; die_at <= doors; ++die_at) {
    fs::remove_all(world_.workspace() / "journal");
    fs::remove_all(world_.workspace() / "images");
    fs::remove_all(world_.workspace() / "runs");
    world_.engine.loaded.clear();
    world_.hub.results.clear();
    world_.hub.replayed.clear();
    bool killed = false;
    try {
      (void)run(die_at);
    } catch (const Killed&) {
      killed = true;
    }
    EXPECT_TRUE(killed) << die_at;
    auto runs = run();
    ASSERT_TRUE(runs.ok()) << die_at << ": " << runs.error().text();
    EXPECT_EQ(finalized(), 2) << die_at;
    EXPECT_EQ(world_.hub.results.size(), 4U) << die_at;
    const auto by_model = states(*runs);
    EXPECT_EQ(by_model.at(6), RunState::kFailed) << die_at;
    EXPECT_EQ(by_model.at(7), RunState::kRefused) << die_at;
  }
}

TEST_F(Run, ADeclinedRunIsNotAskedAgainUnlessWanted) {
  world_.answers = {{"'good'", Answer::kNo}};
  auto first = run(0, false, ModelId{5});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->front().state, RunState::kDeclined);
  EXPECT_TRUE(world_.hub.results.empty()) << "nothing is registered for what does not run";
  auto second = run(0, false, ModelId{5});
  EXPECT_EQ(second->front().state, RunState::kDeclined);
  EXPECT_TRUE(second->front().noted);
  world_.answers.clear();
  EXPECT_EQ(run(0, true, ModelId{5})->front().state, RunState::kSubmitted);
}

TEST_F(Run, ADeclinedUploadLeavesNothingOnTheHub) {
  world_.answers = {{"Result of", Answer::kNo}};
  auto runs = run(0, false, ModelId{5});
  ASSERT_TRUE(runs.ok());
  EXPECT_EQ(runs->front().state, RunState::kDeclined);
  EXPECT_EQ(finalized(), 0);
}

TEST_F(Run, WaitingForAPersonGoesOnLater) {
  world_.answers = {{"Result of", Answer::kLater}};
  EXPECT_EQ(run(0, false, ModelId{5})->front().state, RunState::kWaiting);
  world_.answers.clear();
  const std::size_t containers = world_.engine.runs.size();
  EXPECT_EQ(run(0, false, ModelId{5})->front().state, RunState::kSubmitted);
  EXPECT_EQ(world_.engine.runs.size(), containers);
}

TEST_F(Run, EndOfInputDeclinesButIsAskedAgain) {
  world_.answers = {{"Result of", Answer::kUnanswered}};
  EXPECT_EQ(run(0, false, ModelId{5})->front().state, RunState::kDeclined);
  world_.answers.clear();
  EXPECT_EQ(run(0, false, ModelId{5})->front().state, RunState::kSubmitted);
}

TEST_F(Run, AlteredFileIsRefusedBeforeAnythingRunsAndNamed) {
  ASSERT_TRUE(write_file_atomically(data_ / "data/a.png", "pixelz").ok());
  auto runs = run();
  ASSERT_FALSE(runs.ok());
  EXPECT_EQ(runs.error().kind, ErrorKind::kRefused);
  EXPECT_NE(runs.error().what.find("changed: data/a.png"), std::string::npos);
  EXPECT_TRUE(world_.engine.runs.empty());
  EXPECT_EQ(world_.hub.writes, 0);
}

TEST_F(Run, LimitsAndLeaseReachTheEngineAndInputsAreReadOnly) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  ASSERT_EQ(world_.engine.specs.size(), 2U);
  for (const engine::RunSpec& spec : world_.engine.specs) {
    EXPECT_EQ(spec.limits.memory, mebibytes(2048));
    EXPECT_FALSE(spec.lease.empty());
    for (const engine::Mount& mount : spec.mounts) {
      EXPECT_EQ(mount.writable, mount.container.find("output") != std::string::npos);
    }
  }
}

TEST_F(Run, LinkInPlaceOfResultsIsRefused) {
  world_.add_container(3, "evaluate", "evaluate",
                       volumes({"predictions", "labels"}, {"output_file"}),
                       [](const engine::RunSpec& spec) {
                         const fs::path file = mount_of(spec, "/m/output_file");
                         fs::remove(file);
                         fs::create_symlink("/etc/hostname", file);
                         return success();
                       });
  auto runs = run(0, false, ModelId{5});
  ASSERT_TRUE(runs.ok());
  EXPECT_NE(runs->front().state, RunState::kSubmitted);
  EXPECT_EQ(finalized(), 0);
}

TEST_F(Run, APersonIsNeededFirstAndLastAndInferenceComesBeforeEvaluation) {
  ASSERT_TRUE(run().ok());
  std::string order;
  for (const std::string& name : world_.engine.runs) {
    order += name.find("infer") != std::string::npos ? 'i' : 'e';
  }
  EXPECT_EQ(order, "iiiieee") << "one model's inference fails";
  bool sending = false;
  for (const std::string& question : world_.person->asked) {
    const bool result = question.starts_with("Result of");
    EXPECT_TRUE(result || !sending) << question;
    sending = sending || result;
  }
  EXPECT_TRUE(sending);
}

TEST_F(Run, ShardsGiveWhatOneRunGives) {
  let_cases_be_shared();
  ASSERT_EQ(run_shared(1)->front().state, RunState::kSubmitted);
  const std::string whole = predictions();
  ASSERT_EQ(whole, "case_id\nc0\nc1\nc2\nc3\nc4\n");
  const Json results = *world_.hub.results.begin()->second.find("results");
  forget_everything();
  auto runs = run_shared(3);
  ASSERT_TRUE(runs.ok()) << runs.error().text();
  EXPECT_EQ(runs->front().state, RunState::kSubmitted) << runs->front().reason;
  EXPECT_EQ(predictions(), whole);
  EXPECT_EQ(*world_.hub.results.begin()->second.find("results"), results);
  EXPECT_EQ(cases_seen_,
            (std::vector<std::string>{"case_id\nc0\n", "case_id\nc1\nc2\n", "case_id\nc3\nc4\n"}));
  EXPECT_TRUE(fs::is_empty(world_.workspace() / "shards")) << "copies of the data go";
  EXPECT_FALSE(fs::exists(world_.workspace() / "runs/1-5-3/shards"));
}

TEST_F(Run, AnotherNumberOfShardsRepeatsNothing) {
  let_cases_be_shared();
  world_.answers = {{"Result of", Answer::kLater}};
  EXPECT_EQ(run_shared(3)->front().state, RunState::kWaiting);
  const std::size_t containers = world_.engine.runs.size();
  world_.answers.clear();
  EXPECT_EQ(run_shared(1)->front().state, RunState::kSubmitted);
  EXPECT_EQ(world_.engine.runs.size(), containers);
}

TEST_F(Run, KilledAtAnyDoorRepeatsOneShardAtMost) {
  let_cases_be_shared();
  ASSERT_TRUE(run_shared(3).ok());
  const int doors = world_.fate.passed;
  const std::size_t containers = world_.engine.runs.size();
  ASSERT_EQ(containers, 4U);
  const std::string whole = predictions();
  for (int die_at = 1; die_at <= doors; ++die_at) {
    forget_everything();
    EXPECT_THROW((void)run_shared(3, die_at).ok(), Killed) << die_at;
    auto runs = run_shared(3);
    ASSERT_TRUE(runs.ok()) << die_at << ": " << runs.error().text();
    EXPECT_EQ(finalized(), 1) << die_at;
    EXPECT_EQ(predictions(), whole) << die_at;
    EXPECT_LE(world_.engine.runs.size(), containers + 1) << die_at;
  }
}

TEST_F(Run, AShardThatFailsIsTheModelsFailureAndIsNoted) {
  let_cases_be_shared();
  auto& program = world_.engine.programs[world_.hub.objects["models/5/"]
                                             .find("container")
                                             ->find("metadata")
                                             ->find("medperf")
                                             ->get_string("image_id")
                                             .substr(7)];
  program = [inner = program](const engine::RunSpec& spec) {
    engine::RunOutcome outcome = inner(spec);
    const std::string cases = read_file(mount_of(spec, "/m/data_path") / "cases.csv").value();
    if (cases.find("c1") != std::string::npos) outcome.end = engine::RunEnd::kFailed;
    return outcome;
  };
  EXPECT_EQ(run_shared(3)->front().state, RunState::kFailed);
  const std::size_t containers = world_.engine.runs.size();
  auto again = run_shared(3);
  EXPECT_TRUE(again->front().noted);
  EXPECT_EQ(world_.engine.runs.size(), containers);
}

TEST_F(Run, ShardsNeedABenchmarkThatSaysHowCasesLie) {
  auto runs = run_shared(3);
  ASSERT_FALSE(runs.ok());
  EXPECT_EQ(runs.error().kind, ErrorKind::kInvalid);
  EXPECT_TRUE(world_.engine.runs.empty());
}

}  // namespace
}  // namespace medperf::site
