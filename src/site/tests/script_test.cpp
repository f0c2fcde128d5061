// Models given as files, on the paper site: the benchmark's script infers and evaluates in one run.

#include "site/flows/script.h"

#include <gtest/gtest.h>

#include "engine/tests/archive_maker.h"
#include "result/statement.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

using engine::testing::tar_of;

constexpr const char* kServed = "https://vendor.example/";

/// The paper hospital's benchmark with a script: models 4 (reference), 5 and 6 are files.
class ScriptModels : public PaperHospital {
 protected:
  void SetUp() override {
    PaperHospital::SetUp();
    let_cases_be_shared();
    add_script([](const engine::RunSpec& spec) { return evaluate(spec); });
    add_files(4, "reference", tar_of({{"weights", "0.5"}}));
    add_files(5, "good", tar_of({{"deep/weights", "0.75"}, {"code.PKL", "x"}}));
    add_files(6, "third", tar_of({{"weights", "0.25"}}));
    auto& rows = world_.hub.lists["benchmarks/1/models/"];
    rows.erase(rows.begin() + 2, rows.end());
  }

  void add_script(Program program) {
    world_.add_container(3, "script", "run_script",
                         volumes({"data_path", "labels_path", "model_files"}, {"results_path"}),
                         std::move(program));
  }

  void add_files(std::int64_t id, const std::string& name, const std::string& archive) {
    const std::string url = kServed + name + ".tar";
    world_.served[url] = archive;
    world_.hub.objects["models/" + std::to_string(id) + "/"] =
        Json::object({{"id", id},
                      {"owner", 9},
                      {"name", name},
                      {"state", "OPERATION"},
                      {"type", "ASSET"},
                      {"container", Json()},
                      {"asset", Json::object({{"id", id + 100},
                                              {"owner", 9},
                                              {"name", name},
                                              {"asset_url", url},
                                              {"asset_hash", crypto::sha256_hex(archive)}})}});
  }
  Json& asset(std::int64_t id) {
    return *world_.hub.objects["models/" + std::to_string(id) + "/"].find("asset");
  }

  /// Sees data, labels and one model's files; its accuracy is what the weights say.
  static engine::RunOutcome evaluate(const engine::RunSpec& spec) {
    const fs::path files = mount_of(spec, "/m/model_files");
    EXPECT_EQ(read_file(mount_of(spec, "/m/data_path") / "a.png").value_or("none"), "pixels");
    EXPECT_EQ(read_file(mount_of(spec, "/m/labels_path") / "l.csv").value_or("none"), "a,1");
    EXPECT_EQ(spec.environment.at("MEDPERF_ON_PREM"), "1");
    const bool deep = fs::exists(files / "deep");
    const std::string weights = read_file(files / (deep ? "deep/weights" : "weights")).value();
    const std::string text = "n: 20\naccuracy: " + weights + "\n";
    EXPECT_TRUE(
        write_file_atomically(mount_of(spec, "/m/results_path") / "results.yaml", text).ok());
    engine::RunOutcome outcome = success();
    outcome.wall = Seconds(600);
    outcome.peak_memory = mebibytes(300);
    return outcome;
  }

  std::string reason_of(const Result<std::vector<ModelRun>>& runs, std::int64_t model) {
    if (!runs.ok()) return runs.error().text();
    for (const ModelRun& one : *runs) {
      if (one.model.value == model) return std::string(to_string(one.state)) + ": " + one.reason;
    }
    return "(no such model)";
  }

  /// The accuracy that the hub holds of a model, or -1.
  double accuracy_of(std::int64_t model) {
    for (const auto& [id, row] : world_.hub.results) {
      const Json* found = row.find_path({"results", "results", "accuracy"});
      if (row.get_int("model") == model && row.get_bool("finalized") && found != nullptr)
        return found->as_double();
    }
    return -1;
  }

  std::string asked_about(const std::string& title) {
    for (const std::string& question : world_.person->asked) {
      if (question.find(title) != std::string::npos) return question;
    }
    return "(nothing)";
  }
};

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
  EXPECT_NE(script.find("prepared data and labels"), std::string::npos) << script;
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

TEST_F(ScriptModels, OtherBytesThanTheRegisteredOnesAreNotUnpacked) {
  world_.served[std::string(kServed) + "good.tar"] = tar_of({{"weights", "1.0"}});
  auto runs = run();
  EXPECT_NE(reason_of(runs, 5).find("not the registered one"), std::string::npos)
      << reason_of(runs, 5);
  EXPECT_EQ(reason_of(runs, 5).substr(0, 7), "refused");
  EXPECT_EQ(reason_of(runs, 4), "submitted: ");
  EXPECT_FALSE(fs::exists(world_.workspace() / "models" / asset(5).get_string("asset_hash")));
}

TEST_F(ScriptModels, FilesThatWereChangedHereAreUnpackedAnew) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const fs::path weights =
      world_.workspace() / "models" / asset(5).get_string("asset_hash") / "deep/weights";
  ASSERT_TRUE(write_file_atomically(weights, "0.99").ok());
  for (const char* folder : {"journal/b1-m5-d3.jsonl", "runs"})
    fs::remove_all(world_.workspace() / folder);
  world_.hub.results.clear();
  world_.hub.replayed.clear();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_EQ(accuracy_of(5), 0.75);
  EXPECT_EQ(read_file(weights).value_or(""), "0.75");
}

TEST_F(ScriptModels, FilesThatChangeBeforeTheRunStopIt) {
  auto site = world_.command();
  const auto model = model_from(world_.hub.objects["models/5/"]).value();
  const auto files = admit_files(*site, model.asset);
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_TRUE(check_files(*files).ok());
  ASSERT_TRUE(write_file_atomically(files->folder / "deep/weights", "0.99").ok());
  const auto changed = check_files(*files);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().kind, ErrorKind::kCorrupt);
}

TEST_F(ScriptModels, HostileArchivesAreRefused) {
  const std::vector<std::pair<std::string, std::string>> archives = {
      {"a link", engine::testing::typed_entry("weights", '2', "/etc/passwd") + tar_of({})},
      {"a name that leaves", tar_of({{"../../keys/site.key", "mine"}})},
      {"nothing", tar_of({})},
      {"no archive", std::string(2000, 'x')},
  };
  for (const auto& [what, bytes] : archives) {
    add_files(5, "good", bytes);
    auto runs = run(0, true, ModelId{5});
    EXPECT_EQ(reason_of(runs, 5).substr(0, 7), "refused") << what << ": " << reason_of(runs, 5);
  }
  EXPECT_TRUE(world_.engine.runs.empty());
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
  EXPECT_NE(files.error().text().find("signature"), std::string::npos);
}

TEST_F(ScriptModels, OneThatNobodyServesIsTakenFromItsPlace) {
  asset(5).set("asset_url", "local");
  const auto asked = reason_of(run(0, false, ModelId{5}), 5);
  const fs::path place =
      world_.workspace() / "models" / (asset(5).get_string("asset_hash") + ".tar.gz");
  EXPECT_NE(asked.find("put it at " + place.string()), std::string::npos) << asked;
  ASSERT_TRUE(write_file_atomically(place, world_.served[std::string(kServed) + "good.tar"]).ok());
  EXPECT_EQ(reason_of(run(0, false, ModelId{5}), 5), "submitted: ");
}

}  // namespace
}  // namespace medperf::site
