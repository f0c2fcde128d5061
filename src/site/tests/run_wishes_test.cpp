#include "site/policy/run_wishes.h"

#include <gtest/gtest.h>

#include "site/review/gate_report.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

wire::Task task_asking(const std::string& gpus, const std::string& shm) {
  wire::Task task;
  task.name = "infer";
  task.gpus = gpus;
  task.shm_size = shm;
  return task;
}

RunWishes wishes(std::optional<std::string> gpus, std::optional<std::string> shm = std::nullopt) {
  return read_run_wishes({std::nullopt, std::move(gpus), std::move(shm)}).value();
}

Policy policy_with(const std::string& limits) {
  std::string text(default_policy());
  const std::string at = "  output_mib: 4096\n";
  text.insert(text.find(at) + at.size(), limits);
  return parse_policy(text).value();
}

TEST(RunWishes, ReadEveryFormAndNameWhatIsNone) {
  for (const char* level : {"debug", "Info", "WARNING", "error"})
    EXPECT_TRUE(read_run_wishes({level, {}, {}}).ok()) << level;
  EXPECT_EQ(read_run_wishes({"debug", {}, {}})->log_level, "DEBUG");
  EXPECT_EQ(read_run_wishes({"loud", {}, {}}).error().where, "--container-loglevel");
  for (const char* gpus : {"", "0", "all", "2", "device=0", "device=1,3", "device=GPU-7f"})
    EXPECT_EQ(read_run_wishes({{}, gpus, {}})->gpus, gpus);
  for (const char* gpus : {"-1", "some", "device=", "device=0,,1", "device=0, 1", "1.5", "99999"}) {
    const auto read = read_run_wishes({{}, gpus, {}});
    ASSERT_FALSE(read.ok()) << gpus;
    EXPECT_EQ(read.error().where, "--gpus");
    EXPECT_EQ(read.error().kind, ErrorKind::kInvalid);
  }
  EXPECT_EQ(read_run_wishes({{}, {}, "1.5g"})->shm_size, "1610612736b");
  EXPECT_EQ(read_run_wishes({{}, {}, "large"}).error().where, "--shm-size");
}

TEST(RunWishes, WinOverTheConfiguration) {
  const Policy policy = policy_with("");
  const wire::Task task = task_asking("all", "2g");
  EXPECT_EQ(grant_run(task, {}, policy, 4)->gpus, "all");
  EXPECT_EQ(grant_run(task, {}, policy, 4)->shm_size, "2g");
  EXPECT_EQ(grant_run(task, wishes("1", "64m"), policy, 4)->gpus, "1");
  EXPECT_EQ(grant_run(task, wishes("1", "64m"), policy, 4)->shm_size, "64m");
  EXPECT_EQ(grant_run(task, wishes("0"), policy, 4)->gpus, "");
  EXPECT_EQ(grant_run(task, wishes("", ""), policy, 4)->gpus, "");
  EXPECT_EQ(grant_run(task, wishes("", ""), policy, 4)->shm_size, "");
  EXPECT_EQ(grant_run(task_asking("", ""), {}, policy, 4)->gpus, "");
}

TEST(RunWishes, DevicesAreNamedByThePersonAlone) {
  const Policy policy = policy_with("");
  EXPECT_EQ(grant_run(task_asking("device=2,3", ""), {}, policy, 4)->gpus, "2");
  EXPECT_EQ(grant_run(task_asking("1", ""), wishes("device=2,3"), policy, 4)->gpus, "device=2,3");
}

TEST(RunWishes, ThePolicyWinsOverBoth) {
  const Policy none = policy_with("  gpus: 0\n  shm_mib: 512\n");
  EXPECT_EQ(grant_run(task_asking("all", ""), {}, none, 4)->gpus, "") << "all may be none";
  for (const auto& wanted : {wishes(std::nullopt), wishes("device=0")}) {
    const auto granted = grant_run(task_asking("1", ""), wanted, none, 4);
    ASSERT_FALSE(granted.ok());
    EXPECT_EQ(granted.error().kind, ErrorKind::kRefused);
    EXPECT_NE(granted.error().what.find("limits.gpus"), std::string::npos);
  }
  EXPECT_TRUE(grant_run(task_asking("1", ""), wishes("0"), none, 4).ok());
  EXPECT_EQ(grant_run(task_asking("", "1g"), {}, none, 4).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(grant_run(task_asking("", "1g"), wishes({}, "512m"), none, 4)->shm_size, "512m");
  const Policy two = policy_with("  gpus: 2\n");
  EXPECT_EQ(grant_run(task_asking("all", ""), {}, two, 4)->gpus, "2");
  EXPECT_EQ(grant_run(task_asking("all", ""), {}, two, 1)->gpus, "all");
  EXPECT_FALSE(grant_run(task_asking("3", ""), {}, two, 4).ok());
}

class WishedRun : public PaperHospital {
 protected:
  Result<std::vector<ModelRun>> run_with(WishTexts texts) {
    auto site = world_.command();
    site->wish(std::move(texts));
    return run_benchmark(*site, {BenchmarkId{1}, DatasetId{3}, ModelId{5}, false, std::nullopt});
  }
  const engine::RunSpec& inference() const { return world_.engine.specs.front(); }
};

TEST_F(WishedRun, ContainersAreToldALevelOnlyWhenAskedFor) {
  ASSERT_TRUE(run_with({}).ok());
  for (const engine::RunSpec& spec : world_.engine.specs)
    EXPECT_FALSE(spec.environment.contains("MEDPERF_LOGLEVEL"));
}

TEST_F(WishedRun, EveryContainerOfARunGetsWhatThePersonWants) {
  ASSERT_TRUE(run_with({"debug", "0", "64m"}).ok());
  ASSERT_EQ(world_.engine.specs.size(), 2U);
  for (const engine::RunSpec& spec : world_.engine.specs) {
    EXPECT_EQ(spec.environment.at("MEDPERF_LOGLEVEL"), "DEBUG");
    EXPECT_EQ(spec.shm_size, "64m");
  }
  bool shown = false;
  for (const std::string& question : world_.person->asked)
    shown = shown || (question.find("level DEBUG") != std::string::npos &&
                      question.find("shared memory: 64m") != std::string::npos);
  EXPECT_TRUE(shown);
}

TEST_F(WishedRun, TheVariableOfTheClientWins) {
  world_.hub.objects["models/5/"]
      .find("container")
      ->find("container_config")
      ->find("tasks")
      ->find("infer")
      ->set("run_args",
            Json::object({{"environment", Json::object({{"MEDPERF_LOGLEVEL", "ERROR"}})}}));
  ASSERT_TRUE(run_with({"info", {}, {}}).ok());
  EXPECT_EQ(inference().environment.at("MEDPERF_LOGLEVEL"), "INFO");
}

TEST_F(WishedRun, TheWorkspacesConfigurationIsTheDefault) {
  world_.config += "container: {loglevel: warning, shm_size: 32m}\n";
  ASSERT_TRUE(run_with({{}, {}, "16m"}).ok());
  EXPECT_EQ(inference().environment.at("MEDPERF_LOGLEVEL"), "WARNING");
  EXPECT_EQ(inference().shm_size, "16m");
}

TEST_F(WishedRun, MoreThanThePolicyGivesIsRefusedBeforeAnybodyIsAsked) {
  ASSERT_TRUE(write_file_atomically(world_.workspace() / "policy.yaml",
                                    [] {
                                      std::string text(default_policy());
                                      const std::string at = "  output_mib: 4096\n";
                                      return text.insert(text.find(at) + at.size(), "  gpus: 0\n");
                                    }())
                  .ok());
  auto site = world_.command();
  site->wish({{}, "1", {}});
  auto runs = run_benchmark(*site, {BenchmarkId{1}, DatasetId{3}, ModelId{5}, false, std::nullopt});
  ASSERT_FALSE(runs.ok());
  EXPECT_EQ(runs.error().kind, ErrorKind::kRefused);
  EXPECT_TRUE(world_.person->asked.empty());
  EXPECT_TRUE(world_.engine.specs.empty());
}

}  // namespace
}  // namespace medperf::site
