#include "cli/commands/container_scaffold.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include "base/process.h"
#include "base/yaml.h"
#include "wire/task_contract.h"

namespace medperf::cli {
namespace {

class Scaffolds : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/scaffold-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
  }
  void TearDown() override { (void)remove_tree(top_).ok(); }
  fs::path top_;
};

class Scaffold : public Scaffolds, public ::testing::WithParamInterface<std::string_view> {};

TEST_P(Scaffold, KeepsTheContract) {
  const fs::path folder = top_ / "new";
  ASSERT_TRUE(scaffold_container(GetParam(), folder).ok());
  const auto text = read_file(folder / "container_config.yaml", mebibytes(1));
  ASSERT_TRUE(text.ok());
  const auto config = wire::read_container_config(parse_yaml(*text).value());
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_TRUE(wire::check_contract(*config).empty());
  for (const char* file : {"Containerfile", "main.py", "README.md"})
    EXPECT_TRUE(fs::exists(folder / file)) << file;
  const auto again = scaffold_container(GetParam(), folder);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
}

INSTANTIATE_TEST_SUITE_P(Roles, Scaffold,
                         ::testing::Values("model", "preparator", "evaluator", "script"));

// The three programs work on each other's files.
TEST_F(Scaffolds, ProgramsRunOneAfterAnother) {
  for (const char* role : {"model", "preparator", "evaluator"})
    ASSERT_TRUE(scaffold_container(role, top_ / role).ok());
  const fs::path volumes = top_ / "volumes";
  for (const char* name :
       {"raw_data", "raw_labels", "data", "labels", "predictions", "statistics", "results"})
    fs::create_directories(volumes / name);
  ASSERT_TRUE(write_file_atomically(volumes / "raw_data/a.txt", "1").ok());
  ASSERT_TRUE(
      write_file_atomically(volumes / "raw_labels/labels.csv", "case_id,label\na,1\n").ok());
  const auto run = [&](const char* role, std::vector<std::string> arguments) {
    Command command;
    command.argv = {"/usr/bin/python3", (top_ / role / "main.py").string()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    const auto outcome = run_process(command);
    ASSERT_TRUE(outcome.ok()) << outcome.error().text();
    EXPECT_TRUE(outcome->success()) << role << ": " << outcome->errors;
  };
  for (const char* task : {"prepare", "sanity_check", "statistics"})
    run("preparator", {task, volumes.string()});
  run("model", {volumes.string()});
  run("evaluator", {volumes.string()});
  EXPECT_EQ(read_file(volumes / "results/results.yaml", mebibytes(1)).value(), "accuracy: 1.0\n");
  EXPECT_EQ(read_file(volumes / "statistics/statistics.yaml", mebibytes(1)).value(), "cases: 1\n");
}

// In one run and in two steps it says the same.
TEST_F(Scaffolds, TheScriptRuns) {
  ASSERT_TRUE(scaffold_container("script", top_ / "script").ok());
  const fs::path volumes = top_ / "volumes";
  for (const char* name : {"data", "labels", "model", "predictions", "results"})
    fs::create_directories(volumes / name);
  ASSERT_TRUE(write_file_atomically(volumes / "data/a.txt", "1").ok());
  ASSERT_TRUE(write_file_atomically(volumes / "data/b.txt", "12345").ok());
  ASSERT_TRUE(write_file_atomically(volumes / "model/threshold.txt", "3\n").ok());
  ASSERT_TRUE(
      write_file_atomically(volumes / "labels/labels.csv", "case_id,label\na,0\nb,1\n").ok());
  const auto results = [&](const std::vector<std::string>& tasks) {
    std::error_code none;
    fs::remove(volumes / "results/results.yaml", none);
    for (const std::string& task : tasks) {
      Command command;
      command.argv = {"/usr/bin/python3", (top_ / "script/main.py").string(), task,
                      volumes.string()};
      const auto outcome = run_process(command);
      EXPECT_TRUE(outcome.ok() && outcome->success()) << task << ": " << outcome->errors;
    }
    return read_file(volumes / "results/results.yaml", mebibytes(1)).value_or("(none)");
  };
  EXPECT_EQ(results({"run_script"}), "accuracy: 1.0\n");
  EXPECT_FALSE(fs::exists(volumes / "predictions/predictions.csv"));
  EXPECT_EQ(results({"infer", "evaluate"}), "accuracy: 1.0\n");
}

TEST(ScaffoldRole, UnknownIsAnError) {
  EXPECT_EQ(scaffold_container("poem", "/nonexistent/x").error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace medperf::cli
