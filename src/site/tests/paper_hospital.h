#pragma once
// A hospital with a registered dataset in a benchmark of four models, on the paper site.

#include "result/statement.h"
#include "site/flows/decision.h"
#include "site/flows/run.h"
#include "site/tests/fake_site.h"

namespace medperf::site {

inline constexpr std::string_view kPaperSchema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
  "additionalProperties": false, "required": ["n", "accuracy"],
  "properties": {
    "n": {"type": "integer", "minimum": 0, "maximum": 1000000, "x-medperf": {"metric": "n", "direction": "none"}},
    "accuracy": {"type": "number", "minimum": 0, "maximum": 1,
                 "x-medperf": {"metric": "accuracy", "direction": "higher", "digits": 6}}}})";

/// A hospital with a registered dataset 3 in benchmark 1; models 5 (good), 6 (broken), 7 (greedy:
/// makes the evaluator write an undeclared key) and the reference model 4.
class PaperHospital : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto infer = [](const std::string& text) {
      return [text](const engine::RunSpec& spec) {
        EXPECT_TRUE(mount_of(spec, "/m/labels").empty());
        EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/output_path") / "p.csv", text).ok());
        return success();
      };
    };
    const Json model_volumes = volumes({"data_path"}, {"output_path"});
    add_model(4, "reference",
              world_.add_container(14, "reference", "infer", model_volumes, infer("r")));
    add_model(5, "good", world_.add_container(15, "good", "infer", model_volumes, infer("g")));
    add_model(6, "broken",
              world_.add_container(16, "broken", "infer", model_volumes, [](const auto&) {
                engine::RunOutcome outcome;
                outcome.exit_code = 3;
                outcome.log_tail = "cannot read";
                return outcome;
              }));
    add_model(7, "greedy",
              world_.add_container(17, "greedy", "infer", model_volumes, infer("leak")));
    world_.add_container(
        2, "prepare", "prepare",
        volumes({"data_path", "labels_path"}, {"output_path", "output_labels_path"}),
        [](const auto&) { return success(); });
    world_.add_container(
        3, "evaluate", "evaluate", volumes({"predictions", "labels"}, {"output_file"}),
        [](const engine::RunSpec& spec) {
          const std::string text = read_file(mount_of(spec, "/m/predictions") / "p.csv").value();
          const std::string more = text == "leak" ? "patients: 17\n" : "";
          EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/output_file"),
                                            "n: 20\naccuracy: 0.12345678\n" + more)
                          .ok());
          return success();
        });
    add_benchmark();
    add_dataset();
    for (int id : {5, 6, 7}) {
      world_.hub.lists["benchmarks/1/models/"].push_back(
          Json::object({{"model", id},
                        {"approval_status", "APPROVED"},
                        {"created_at", "2026-01-01T00:00:00.000000Z"}}));
    }
  }

  void add_model(std::int64_t id, const std::string& name, const Json& container) {
    world_.hub.objects["models/" + std::to_string(id) + "/"] =
        Json::object({{"id", id},
                      {"owner", 9},
                      {"name", name},
                      {"state", "OPERATION"},
                      {"type", "CONTAINER"},
                      {"container", container}});
  }

  void add_benchmark() {
    world_.hub.objects["benchmarks/1/"] = Json::object(
        {{"id", 1},
         {"owner", 8},
         {"name", "paper"},
         {"state", "OPERATION"},
         {"approval_status", "APPROVED"},
         {"data_preparation_mlcube", 2},
         {"data_evaluator_mlcube", 3},
         {"reference_model", 4},
         {"metadata",
          Json::object({{"medperf",
                         Json::object({{"result_schema", parse_json(kPaperSchema).value()}})}})}});
  }

  void add_dataset() {
    auto site = world_.command();
    data_ = world_.workspace() / "datasets" / "3";
    for (const char* folder : {"data", "labels"}) fs::create_directories(data_ / folder);
    ASSERT_TRUE(write_file_atomically(data_ / "data/a.png", "pixels").ok());
    ASSERT_TRUE(
        write_file_atomically(data_ / "data/cases.csv", "case_id\nc0\nc1\nc2\nc3\nc4\n").ok());
    ASSERT_TRUE(write_file_atomically(data_ / "labels/l.csv", "a,1").ok());
    ASSERT_TRUE(write_file_atomically(data_ / "raw.yaml", "data_path: /x\nlabels_path: /y\n").ok());
    const Manifest manifest =
        hash_dataset({{"data", data_ / "data"}, {"labels", data_ / "labels"}}).value();
    ASSERT_TRUE(write_file_atomically(data_ / "files.json", to_text(to_json(manifest))).ok());
    const Json digest = Json::object({{"dataset_digest", manifest.dataset_digest().hex()}});
    world_.hub.objects["datasets/3/"] =
        Json::object({{"id", 3},
                      {"owner", 7},
                      {"name", "hospital"},
                      {"state", "OPERATION"},
                      {"input_data_hash", std::string(64, 'a')},
                      {"generated_uid", manifest.folder_uid().hex()},
                      {"data_preparation_mlcube", 2},
                      {"generated_metadata", Json::object({{"medperf", digest}})}});
    if (!fs::exists(world_.workspace() / "keys/site.key")) {
      ASSERT_TRUE(
          crypto::SigningKey::generate().save_new(world_.workspace() / "keys/site.key").ok());
    }
  }

  /// The benchmark says how its cases lie; model 5 becomes one that scores each case it is given.
  void let_cases_be_shared() {
    Json specification =
        parse_json(R"({"medperf": "medperf/benchmark/v1", "name": "paper", "description": "d",
                       "clinical_question": "q", "population": "p", "labelling": "l",
                       "metrics": "m", "files": {"result_schema": "a", "release_policy": "b"},
                       "cases": {"split": {"tables": ["cases.csv"]},
                                 "merge": {"tables": ["p.csv"]}}})")
            .value();
    Json* metadata = world_.hub.objects["benchmarks/1/"].find("metadata")->find("medperf");
    metadata->set("specification", std::move(specification));
    const auto score = [this](const engine::RunSpec& spec) {
      const fs::path data = mount_of(spec, "/m/data_path");
      const std::string cases = read_file(data / "cases.csv").value();
      EXPECT_EQ(read_file(data / "a.png").value(), "pixels");
      cases_seen_.push_back(cases);
      const std::string rows = cases.substr(cases.find('\n') + 1);
      EXPECT_TRUE(
          write_file_atomically(mount_of(spec, "/m/output_path") / "p.csv", "case_id\n" + rows)
              .ok());
      return success();
    };
    add_model(
        5, "good",
        world_.add_container(15, "good", "infer", volumes({"data_path"}, {"output_path"}), score));
  }

  Result<std::vector<ModelRun>> run_shared(int shards, int die_at = 0) {
    auto site = world_.command(die_at);
    return run_benchmark(*site, {BenchmarkId{1}, DatasetId{3}, ModelId{5}, false, shards});
  }

  void forget_everything() {
    for (const char* folder : {"journal", "images", "runs", "shards"}) {
      fs::remove_all(world_.workspace() / folder);
    }
    world_.engine.loaded.clear();
    world_.engine.runs.clear();
    world_.hub.results.clear();
    world_.hub.replayed.clear();
    cases_seen_.clear();
  }

  std::string predictions() {
    return read_file(world_.workspace() / "runs/1-5-3/predictions/p.csv").value_or("(none)");
  }

  Result<std::vector<ModelRun>> run(int die_at = 0, bool again = false,
                                    std::optional<ModelId> only = std::nullopt) {
    auto site = world_.command(die_at);
    return run_benchmark(*site, {BenchmarkId{1}, DatasetId{3}, only, again});
  }

  std::map<std::int64_t, RunState> states(const std::vector<ModelRun>& runs) {
    std::map<std::int64_t, RunState> out;
    for (const ModelRun& model : runs) out[model.model.value] = model.state;
    return out;
  }

  int finalized() {
    int count = 0;
    for (const auto& [id, row] : world_.hub.results) count += row.get_bool("finalized") ? 1 : 0;
    return count;
  }

  PaperWorld world_;
  fs::path data_;
  std::vector<std::string> cases_seen_;  ///< by model 5, one a run
};

}  // namespace medperf::site
