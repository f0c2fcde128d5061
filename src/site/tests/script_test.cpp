// Models given as files, on the paper site: the benchmark's script infers and evaluates in one run.

#include "site/flows/script.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/tests/archive_maker.h"
#include "result/statement.h"
#include "site/flows/disk.h"
#include "site/flows/verify_container.h"
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
  EXPECT_NE(files.error().text().find("medperf asset sign"), std::string::npos);
}

TEST_F(ScriptModels, OneThatNobodyServesIsTakenInFromAFile) {
  asset(5).set("asset_url", "local");
  world_.hub.objects["assets/105/"] = asset(5);
  const auto asked = reason_of(run(0, false, ModelId{5}), 5);
  EXPECT_NE(asked.find("medperf asset verify 105 --archive FILE"), std::string::npos) << asked;
  const TemporaryFolder stick;
  const fs::path file = stick.path() / "other.tar";
  ASSERT_TRUE(write_file_atomically(file, tar_of({{"weights", "1"}})).ok());
  const auto other = verify_files(*world_.command(), AssetId{105}, file);
  ASSERT_TRUE(other.ok()) << other.error().text();
  EXPECT_FALSE(other->good());
  EXPECT_EQ(other->verdicts.back().what, "digest");
  EXPECT_EQ(reason_of(run(0, true, ModelId{5}), 5).substr(0, 6), "failed");
  ASSERT_TRUE(write_file_atomically(file, world_.served[std::string(kServed) + "good.tar"]).ok());
  const auto right = verify_files(*world_.command(), AssetId{105}, file);
  ASSERT_TRUE(right.ok()) << right.error().text();
  EXPECT_TRUE(right->good());
  EXPECT_EQ(right->verdicts.size(), 3U);
  EXPECT_EQ(reason_of(run(0, true, ModelId{5}), 5), "submitted: ");
}

TEST_F(ScriptModels, WhatLiesInItsPlaceAndIsAnotherIsNotTaken) {
  asset(5).set("asset_url", "local");
  const fs::path models = world_.workspace() / "models";
  fs::create_directories(models);
  const fs::path place = models / (asset(5).get_string("asset_hash") + ".tar.gz");
  ASSERT_TRUE(write_file_atomically(place, tar_of({{"weights", "1"}})).ok());
  const auto reason = reason_of(run(0, false, ModelId{5}), 5);
  EXPECT_NE(reason.find("not the registered one"), std::string::npos) << reason;
  EXPECT_TRUE(fs::exists(place)) << "a person's file is not thrown away";
}

TEST_F(ScriptModels, FilesThatAreUsedCanNotBeRemovedOrUnpackedAnew) {
  const std::string hex = asset(5).get_string("asset_hash");
  const auto removable = [&](Site& site) {
    std::vector<std::string> out;
    for (const Removable& thing : removable_things(site.workspace())) {
      if (thing.path.parent_path().filename() == "models")
        out.push_back(thing.path.filename().native());
    }
    return out;
  };
  auto site = world_.command();
  const auto model = model_from(world_.hub.objects["models/5/"]).value();
  {
    const auto files = admit_files(*site, model.asset);
    ASSERT_TRUE(files.ok()) << files.error().text();
    EXPECT_TRUE(removable(*site).empty());
    EXPECT_TRUE(admit_files(*site, model.asset).ok()) << "any number may use them";
    ASSERT_TRUE(write_file_atomically(files->folder / "deep/weights", "0.99").ok());
    const auto second = admit_files(*site, model.asset);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  }
  fs::create_directories(world_.workspace() / "models" / (hex + ".tried"));
  EXPECT_EQ(removable(*site), (std::vector<std::string>{hex, hex + ".tar.gz", hex + ".tried"}));
  for (const Removable& thing : removable_things(site->workspace()))
    EXPECT_TRUE(remove_thing(site->workspace(), thing).ok());
  EXPECT_EQ(reason_of(run(0, false, ModelId{5}), 5), "submitted: ");
}

TEST_F(ScriptModels, AnArchiveThatCameByHandIsNoRubbish) {
  asset(5).set("asset_url", "local");
  const fs::path models = world_.workspace() / "models";
  fs::create_directories(models);
  const std::string hex = asset(5).get_string("asset_hash");
  ASSERT_TRUE(write_file_atomically(models / (hex + ".tar.gz"),
                                    world_.served[std::string(kServed) + "good.tar"])
                  .ok());
  auto site = world_.command();
  ASSERT_TRUE(admit_files(*site, model_from(world_.hub.objects["models/5/"]).value().asset).ok());
  for (const Removable& thing : removable_things(site->workspace()))
    EXPECT_TRUE(remove_thing(site->workspace(), thing).ok());
  EXPECT_FALSE(fs::exists(models / hex));
  EXPECT_TRUE(fs::exists(models / (hex + ".tar.gz")));
}

/// A policy that takes signed models alone, by this key of user 9.
std::string strict_policy(const std::string& key) {
  std::string policy(default_policy());
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"require_signature: false", "require_signature: true"},
           {"publisher_keys: []", "publisher_keys: [{user: 9, ed25519: \"" + key + "\"}]"}}) {
    EXPECT_NE(policy.find(from), std::string::npos) << from;
    policy.replace(policy.find(from), from.size(), to);
  }
  return policy;
}

TEST_F(ScriptModels, APolicyThatWantsSignaturesTakesSignedFilesAlone) {
  const auto key = crypto::SigningKey::generate();
  ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml",
                                    strict_policy(key.verify_key().base64()))
                  .ok());
  const auto archive = FileDigest::parse(asset(5).get_string("asset_hash")).value();
  const auto other = crypto::digest_of<FileDigest>("other");
  const std::vector<std::pair<std::string, std::vector<Json>>> refused = {
      {"unsigned", {}},
      {"by a key that nobody knows", {sign_files(archive, crypto::SigningKey::generate())}},
      {"of other files", {sign_files(other, key)}},
      {"of an image", {sign_image(crypto::digest_of<ImageId>("x"), archive, key)}},
      {"one good, one of other files", {sign_files(archive, key), sign_files(other, key)}},
  };
  const auto admitted = [&](const std::vector<Json>& signatures) {
    asset(5).set("metadata",
                 Json::object({{"medperf", Json::object({{"signatures", Json(signatures)}})}}));
    auto site = world_.command();
    return admit_files(*site, model_from(world_.hub.objects["models/5/"]).value().asset);
  };
  for (const auto& [what, signatures] : refused) {
    const auto files = admitted(signatures);
    ASSERT_FALSE(files.ok()) << what;
    EXPECT_EQ(files.error().kind, ErrorKind::kRefused) << what;
  }
  EXPECT_EQ(world_.bytes_fetched, 0U) << "nothing of them was fetched";
  const auto files = admitted({sign_files(archive, key)});
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_EQ(files->signature.state, SignatureState::kVerified);
}

/// The same script with a task for each half.
class ScriptInSteps : public ScriptModels {
 protected:
  void SetUp() override {
    ScriptModels::SetUp();
    world_.add_container(3, "script", "infer",
                         volumes({"data_path", "model_files"}, {"output_path"}),
                         [this](const engine::RunSpec& spec) { return half(spec); });
    world_.hub.objects["mlcubes/3/"]
        .find("container_config")
        ->find("tasks")
        ->set("evaluate", volumes({"predictions", "labels"}, {"output_file"}));
  }

  engine::RunOutcome half(const engine::RunSpec& spec) {
    const bool infers = !mount_of(spec, "/m/model_files").empty();
    EXPECT_EQ(mount_of(spec, "/m/labels").empty(), infers) << "no labels beside the model's files";
    EXPECT_TRUE(mount_of(spec, "/m/labels_path").empty());
    if (infers) {
      const fs::path files = mount_of(spec, "/m/model_files");
      const bool deep = fs::exists(files / "deep");
      const std::string weights = read_file(files / (deep ? "deep/weights" : "weights")).value();
      const std::string cases = read_file(mount_of(spec, "/m/data_path") / "cases.csv").value();
      std::string rows = "case_id,weights\n";
      for (std::size_t at = cases.find('\n') + 1; at < cases.size(); at = cases.find('\n', at) + 1)
        rows += cases.substr(at, cases.find('\n', at) - at) + "," + weights + "\n";
      EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/output_path") / "p.csv", rows).ok());
      return success();
    }
    const std::string rows = read_file(mount_of(spec, "/m/predictions") / "p.csv").value();
    seen_.push_back(rows);
    const std::string weights = rows.substr(rows.rfind(',') + 1);
    EXPECT_TRUE(
        write_file_atomically(mount_of(spec, "/m/output_file"), "n: 5\naccuracy: " + weights).ok());
    return success();
  }

  std::vector<std::string> seen_;  ///< predictions, one for each evaluation
};

TEST_F(ScriptInSteps, SharedOutOrNotTheResultIsTheSame) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_EQ(accuracy_of(5), 0.75);
  EXPECT_EQ(world_.engine.runs.size(), 2U);
  forget_everything();
  auto runs = run_shared(3);
  ASSERT_TRUE(runs.ok()) << runs.error().text();
  EXPECT_EQ(reason_of(runs, 5), "submitted: ");
  EXPECT_EQ(accuracy_of(5), 0.75);
  EXPECT_EQ(world_.engine.runs.size(), 4U) << "three shards and one evaluation";
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0], seen_[1]);
}

TEST_F(ScriptInSteps, ThePersonIsToldWhatEachHalfSees) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const std::string files = asked_about("model files 105 'good'");
  EXPECT_NE(files.find("no labels; then its predictions"), std::string::npos) << files;
  EXPECT_NE(files.find("signature  not signed"), std::string::npos) << files;
}

TEST_F(ScriptInSteps, KilledAtAnyDoorEndsTheSame) {
  ASSERT_TRUE(run_shared(2).ok());
  const int doors = world_.fate.passed;
  for (int die_at = 1; die_at <= doors; ++die_at) {
    forget_everything();
    fs::remove_all(world_.workspace() / "models");
    EXPECT_THROW((void)run_shared(2, die_at), Killed) << die_at;
    auto runs = run_shared(2);
    ASSERT_TRUE(runs.ok()) << die_at << runs.error().text();
    EXPECT_EQ(accuracy_of(5), 0.75) << die_at;
    EXPECT_LE(world_.engine.runs.size(), 4U) << die_at;
  }
}

TEST_F(ScriptModels, OneThatCanNotBeSharedOutSaysSo) {
  ASSERT_TRUE(run_shared(3).ok());
  EXPECT_EQ(world_.engine.runs.size(), 1U);
  const auto& told = world_.person->told;
  EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const std::string& line) {
    return line.find("not shared out") != std::string::npos;
  }));
}

}  // namespace
}  // namespace medperf::site
