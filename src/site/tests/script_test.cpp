// Models given as files, on the paper site: the benchmark's script infers and evaluates in one run.

#include "site/flows/script.h"

#include <gtest/gtest.h>

#include "result/statement.h"
#include "site/tests/script_models.h"

namespace medperf::site {
namespace {

TEST_F(ScriptModels, EveryModelIsEvaluatedAndItsResultSent) {
  auto runs = run();
  ASSERT_TRUE(runs.ok()) << runs.error().text();
  EXPECT_EQ(reason_of(runs, 5), "submitted: ");
  EXPECT_EQ(reason_of(runs, 4), "submitted: ");
  EXPECT_EQ(accuracy_of(4), 0.5);
  EXPECT_EQ(accuracy_of(5), 0.75);
  EXPECT_EQ(accuracy_of(6), 0.25);
  EXPECT_EQ(world_.engine.runs.size(), 3U) << "one run a model";
}

TEST_F(ScriptModels, TheStatementNamesTheFilesAndTheScriptAlone) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  ASSERT_EQ(finalized(), 1);
  const Json* dsse =
      world_.hub.results.begin()->second.find_path({"metadata", "medperf", "statement"});
  ASSERT_NE(dsse, nullptr);
  const auto key = crypto::SigningKey::load(world_.workspace() / "keys/site.key").value();
  const auto statement = result::verify_statement(*dsse, key.verify_key());
  ASSERT_TRUE(statement.ok()) << statement.error().text();
  ASSERT_TRUE(statement->model_files.has_value());
  EXPECT_EQ(statement->model_files->asset, 105);
  EXPECT_EQ(statement->model_files->archive.hex(), asset(5).get_string("asset_hash"));
  ASSERT_EQ(statement->containers.size(), 1U);
  EXPECT_EQ(statement->containers[0].role, "evaluator");
  EXPECT_EQ(statement->containers[0].container, 3);
}

TEST_F(ScriptModels, ThePersonSeesTheFilesAndWhatElseTheScriptHas) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const std::string files = asked_about("model files 105 'good'");
  for (const char* text : {"deep/weights", "code.PKL can hold programs", "its labels",
                           "container 3 'script'", "2 file(s)", "not known"}) {
    EXPECT_NE(files.find(text), std::string::npos) << text << " in " << files;
  }
  EXPECT_EQ(files.find("weights can hold programs"), std::string::npos) << files;
  const std::string script = asked_about("container 3 'script'");
  EXPECT_NE(script.find("its labels and the files of one model"), std::string::npos) << script;
  forget_everything();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const std::string again = asked_about("model files 105 'good'");
  EXPECT_NE(again.find("about 10 min"), std::string::npos) << again;
  EXPECT_NE(again.find("for 5 cases"), std::string::npos) << again;
}

TEST_F(ScriptModels, ANoSparesTheOthersAndRunsNothing) {
  world_.answers = {{"model files 105", Answer::kNo}};
  auto runs = run();
  EXPECT_EQ(reason_of(runs, 5).substr(0, 8), "declined") << reason_of(runs, 5);
  EXPECT_EQ(reason_of(runs, 4), "submitted: ");
  EXPECT_EQ(world_.engine.runs.size(), 2U);
}

TEST_F(ScriptModels, SecondRunStartsNothing) {
  ASSERT_TRUE(run().ok());
  const int writes = world_.hub.writes;
  ASSERT_TRUE(run().ok());
  EXPECT_EQ(world_.engine.runs.size(), 3U);
  EXPECT_EQ(world_.hub.writes, writes);
  EXPECT_TRUE(world_.person->asked.empty());
}

TEST_F(ScriptModels, KilledAtAnyDoorEndsTheSameAndRepeatsOneRunAtMost) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const int doors = world_.fate.passed;
  ASSERT_GT(doors, 15);
  int ends_after_a_noted_run = 0;
  for (int die_at = 1; die_at <= doors; ++die_at) {
    forget_everything();
    fs::remove_all(world_.workspace() / "models");
    EXPECT_THROW((void)run(die_at, false, ModelId{5}), Killed) << die_at;
    const std::size_t before = world_.engine.runs.size();
    const bool noted = read_file(world_.workspace() / "journal/b1-m5-d3.jsonl")
                           .value_or("")
                           .find(R"("step":"run_script")") != std::string::npos;
    auto runs = run(0, false, ModelId{5});
    EXPECT_EQ(reason_of(runs, 5).substr(0, 9), die_at == doors ? "already s" : "submitted")
        << die_at;
    EXPECT_EQ(accuracy_of(5), 0.75) << die_at;
    EXPECT_EQ(world_.engine.runs.size(), before + (noted ? 0 : 1)) << die_at;
    ends_after_a_noted_run += noted ? 1 : 0;
    EXPECT_EQ(world_.hub.results.size(), 1U) << die_at;
  }
  EXPECT_GE(ends_after_a_noted_run, 2);
}

TEST_F(ScriptModels, WhatTheScriptLeavesIsCheckedLikeAnyResult) {
  const std::vector<std::pair<std::string, Program>> scripts = {
      {"undeclared",
       [](const engine::RunSpec& spec) {
         const fs::path file = mount_of(spec, "/m/results_path") / "results.yaml";
         EXPECT_TRUE(write_file_atomically(file, "n: 20\naccuracy: 0.5\npatients: 17\n").ok());
         return success();
       }},
      {"a link to a file of the host",
       [this](const engine::RunSpec& spec) {
         const fs::path real = world_.workspace() / "secret.yaml";
         EXPECT_TRUE(write_file_atomically(real, "n: 20\naccuracy: 0.5\n").ok());
         fs::create_symlink(real, mount_of(spec, "/m/results_path") / "results.yaml");
         return success();
       }},
      {"nothing", [](const engine::RunSpec&) { return success(); }},
  };
  for (const auto& [what, script] : scripts) {
    forget_everything();
    add_script(script);
    auto runs = run(0, false, ModelId{5});
    ASSERT_TRUE(runs.ok()) << runs.error().text();
    EXPECT_NE(runs->front().state, RunState::kSubmitted) << what;
    EXPECT_EQ(finalized(), 0) << what;
    EXPECT_FALSE(runs->front().reason.empty()) << what;
  }
}

TEST_F(ScriptModels, AModelThatTheEvaluationCannotTakeIsSaidSoBeforeAnythingRuns) {
  add_model(5, "good",
            world_.add_container(15, "good", "infer", volumes({"data_path"}, {"output_path"}),
                                 [](const auto&) { return success(); }));
  auto runs = run();
  EXPECT_NE(reason_of(runs, 5).find("no task evaluate"), std::string::npos) << reason_of(runs, 5);
  EXPECT_EQ(reason_of(runs, 4), "submitted: ");
  EXPECT_EQ(world_.engine.runs.size(), 2U);
}

TEST_F(ScriptModels, FilesForABenchmarkWithoutAScriptAreRefused) {
  world_.add_container(3, "evaluate", "evaluate",
                       volumes({"predictions", "labels"}, {"output_file"}),
                       [](const auto&) { return success(); });
  auto runs = run(0, false, ModelId{5});
  EXPECT_NE(reason_of(runs, 5).find("no task run_script"), std::string::npos) << reason_of(runs, 5);
}

TEST_F(ScriptModels, AWithdrawnOrUnsignedOneIsRefusedByThePolicy) {
  asset(5).set("is_valid", false);
  EXPECT_NE(reason_of(run(0, false, ModelId{5}), 5).find("withdrawn"), std::string::npos);
  asset(5).set("is_valid", true);
  std::string policy(default_policy());
  const std::string no = "require_signature: false";
  ASSERT_NE(policy.find(no), std::string::npos);
  policy.replace(policy.find(no), no.size(), "require_signature: true");
  ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml", policy).ok());
  auto site = world_.command();
  const auto files = admit_files(*site, model_from(world_.hub.objects["models/5/"]).value().asset);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().kind, ErrorKind::kRefused);
  EXPECT_NE(files.error().text().find("medperf asset sign"), std::string::npos);
}

}  // namespace
}  // namespace medperf::site
