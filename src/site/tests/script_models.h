#pragma once
// The paper hospital with a benchmark whose evaluation is a script, and models given as files.

#include <string>
#include <utility>
#include <vector>

#include "crypto/sha256.h"
#include "engine/tests/archive_maker.h"
#include "site/flows/script.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {

using engine::testing::tar_of;

inline constexpr const char* kServed = "https://vendor.example/";

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

}  // namespace medperf::site
