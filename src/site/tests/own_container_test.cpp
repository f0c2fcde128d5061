#include "site/flows/own_container.h"

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

/// A script container of its author: inference and evaluation in one, the model given as files.
class Script : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"data", "labels", "model"}) fs::create_directories(place(name));
    Json task = volumes({"data_path", "labels_path", "model_files"}, {"results_path"});
    const Json json = world_.add_container(1, "script", "run_script", task,
                                           [this](const auto& spec) { return work(spec); });
    own_.config = place("container_config.yaml");
    own_.archive = place("image.tar");
    write("container_config.yaml", to_yaml(*json.find("container_config")));
    write("image.tar", world_.served.at("https://vendor.example/script.tar"));
    write("schema.json", std::string(kPaperSchema));
  }
  fs::path place(const std::string& name) { return world_.folder.path() / name; }
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file_atomically(place(name), text).ok());
  }
  engine::RunOutcome work(const engine::RunSpec& spec) {
    seen_ = spec;
    write_results_(mount_of(spec, "/m/results_path"));
    return success();
  }
  Result<OwnResults> run(bool with_schema = true) {
    auto site = world_.command();
    OwnTask task;
    task.task = "run_script";
    task.paths = {{"data_path", place("data").string()},
                  {"labels_path", place("labels").string()},
                  {"model_files", place("model").string()},
                  {"results_path", place("results").string()}};
    task.log_file = place("log");
    if (with_schema) task.result_schema = place("schema.json");
    return try_task(*site, own_, task);
  }
  void results(std::string text) {
    write_results_ = [text = std::move(text)](const fs::path& folder) {
      EXPECT_TRUE(write_file_atomically(folder / "results.yaml", text).ok());
    };
  }

  PaperWorld world_;
  OwnContainer own_;
  engine::RunSpec seen_;
  std::function<void(const fs::path&)> write_results_ = [](const fs::path&) {};
};

TEST_F(Script, ItsResultsLeaveThroughTheEnvelopeAlone) {
  results("n: 20\naccuracy: 0.12345678\n");
  const auto good = run();
  ASSERT_TRUE(good.ok()) << good.error().text();
  EXPECT_NE(good->sent.find("0.123457"), std::string::npos) << "rounded as declared";
  results("n: 20\naccuracy: 0.5\npatient: John Doe\n");
  const auto greedy = run();
  ASSERT_FALSE(greedy.ok());
  EXPECT_NE(greedy.error().text().find("patient"), std::string::npos);
}

TEST_F(Script, KnowsThatItIsAtTheDatasPlaceAndGetsTheWalls) {
  results("n: 20\n");
  ASSERT_TRUE(run(false).ok());
  EXPECT_EQ(seen_.environment.at("MEDPERF_ON_PREM"), "1");
  ASSERT_EQ(seen_.mounts.size(), 4U);
  for (const engine::Mount& mount : seen_.mounts)
    EXPECT_EQ(mount.writable, mount.container == "/m/results_path") << mount.container;
  EXPECT_EQ(seen_.limits.memory, mebibytes(2048));
}

TEST_F(Script, ResultsThatAreMissingEmptyOrALinkAreNone) {
  EXPECT_FALSE(run(false).ok());
  results("");
  EXPECT_FALSE(run(false).ok());
  write_results_ = [](const fs::path& folder) {
    fs::remove(folder / "results.yaml");
    fs::create_symlink("/etc/hostname", folder / "results.yaml");
  };
  EXPECT_FALSE(run(false).ok()) << "no link is followed";
}

TEST_F(Script, ItsContractIsChecked) {
  auto site = world_.command();
  EXPECT_TRUE(check_own(*site, own_)->good());
  std::string text = read_file(own_.config).value();
  text.replace(text.find("model_files"), 11, "predictions");
  write("container_config.yaml", text);
  EXPECT_FALSE(check_own(*site, own_)->good());
}

TEST_F(Script, OtherTasksAreNotToldSo) {
  results("n: 20\n");
  std::string text = read_file(own_.config).value();
  Json config = parse_yaml(text).value();
  Json task = volumes({"data_path"}, {"output_path"});
  config.find("tasks")->set("infer", task);
  write("container_config.yaml", to_yaml(config));
  auto site = world_.command();
  OwnTask infer;
  infer.task = "infer";
  infer.paths = {{"data_path", place("data").string()}, {"output_path", place("out").string()}};
  infer.log_file = place("log");
  write_results_ = [](const fs::path&) {};
  ASSERT_TRUE(try_task(*site, own_, infer).ok());
  EXPECT_FALSE(seen_.environment.contains("MEDPERF_ON_PREM"));
}

}  // namespace
}  // namespace medperf::site
