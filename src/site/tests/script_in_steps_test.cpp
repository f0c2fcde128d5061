// Models given as files, whose script has a task for inference and one for evaluation.

#include <gtest/gtest.h>

#include <algorithm>

#include "site/tests/script_models.h"

namespace medperf::site {
namespace {

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
