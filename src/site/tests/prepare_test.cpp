#include "site/flows/prepare.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "site/flows/report_sender.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

constexpr std::string_view kReport = R"(
status: {a: 3, b: 3, c: 1, d: -2}
status_name: {a: DONE, b: DONE, c: segmented, d: failed}
comment: {a: "John Doe", b: "", c: "", d: ""}
)";

/// A registered dataset 9 in development, and a preparator that reports, keeps metadata and is
/// ready when somebody has written data/done.
class Preparing : public PaperHospital {
 protected:
  void SetUp() override {
    PaperHospital::SetUp();
    const auto volume = [](const std::string& path, const char* type) {
      return Json::object({{"mount_path", "/m/" + path}, {"type", type}});
    };
    world_.add_container(
        20, "reporting", "prepare",
        volumes({"data_path", "labels_path"}, {"output_path", "output_labels_path"}),
        [this](const engine::RunSpec& spec) { return work(spec); });
    Json& tasks = *world_.hub.objects["mlcubes/20/"].find("container_config")->find("tasks");
    Json& outputs = *tasks.find("prepare")->find("output_volumes");
    outputs.set("metadata_path", volume("metadata_path", "directory"));
    outputs.set("report_file", volume("report_file", "file"));
    tasks.set("sanity_check", volumes({"data_path", "labels_path", "metadata_path"}, {}));
    tasks.set("statistics", volumes({"data_path", "labels_path"}, {"output_file"}));
    auto site = world_.command();
    const fs::path raw = world_.folder.path() / "raw";
    for (const char* folder : {"data", "labels"}) fs::create_directories(raw / folder);
    ASSERT_TRUE(write_file_atomically(raw / "data/scan", "pixels").ok());
    ASSERT_TRUE(write_file_atomically(raw / "labels/l.csv", "a,1").ok());
    folder_ = world_.workspace() / "datasets/9";
    fs::create_directories(folder_);
    ASSERT_TRUE(write_file_atomically(folder_ / "raw.yaml",
                                      "data_path: " + (raw / "data").string() +
                                          "\nlabels_path: " + (raw / "labels").string() + "\n")
                    .ok());
    const Manifest manifest =
        hash_dataset({{"data", raw / "data"}, {"labels", raw / "labels"}}).value();
    world_.hub.objects["datasets/9/"] =
        Json::object({{"id", 9},
                      {"owner", 7},
                      {"name", "hospital"},
                      {"state", "DEVELOPMENT"},
                      {"input_data_hash", manifest.folder_uid().hex()},
                      {"generated_uid", manifest.folder_uid().hex()},
                      {"data_preparation_mlcube", 20},
                      {"generated_metadata", Json::object()}});
  }

  engine::RunOutcome work(const engine::RunSpec& spec) {
    tasks_.push_back(spec.name.substr(8, spec.name.find('-', 8) - 8));
    if (tasks_.back() == "prepare") {
      const fs::path done = mount_of(spec, "/m/output_path") / "cases.csv";
      EXPECT_TRUE(write_file_atomically(done, "a\n").ok());
      EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/metadata_path") / "m", "meta").ok());
      std::ofstream(mount_of(spec, "/m/report_file")) << report_;
      while_preparing_();
    }
    if (tasks_.back() == "sanity_check") {
      EXPECT_EQ(read_file(mount_of(spec, "/m/metadata_path") / "m").value_or(""), "meta");
      if (!fs::exists(mount_of(spec, "/m/data_path") / "done")) {
        engine::RunOutcome failed;
        failed.exit_code = 1;
        return failed;
      }
    }
    if (tasks_.back() == "statistics")
      std::ofstream(mount_of(spec, "/m/output_file")) << "cases: 4\n";
    return success();
  }

  Result<Prepared> prepare(GoOn go_on = GoOn::kAlways) {
    auto site = world_.command();
    return prepare_dataset(*site, DatasetId{9}, go_on);
  }
  void set_policy(const std::string& word) {
    std::string text(default_policy());
    const std::string from = "preparation: ask";
    ASSERT_TRUE(
        write_file_atomically(world_.workspace() / "policy.yaml",
                              text.replace(text.find(from), from.size(), "preparation: " + word))
            .ok());
  }
  void do_manual_work() {
    fs::create_directories(folder_ / "data");
    std::ofstream(folder_ / "data/done") << "x";
  }
  std::vector<std::string> statuses() {
    std::vector<std::string> out;
    for (const Json& report : world_.hub.reports)
      out.push_back(report.get_string("execution_status"));
    return out;
  }

  fs::path folder_;
  std::string report_{kReport};
  std::vector<std::string> tasks_;
  std::function<void()> while_preparing_ = [] {};
};

TEST_F(Preparing, ManualWorkLeftIsNotReadyYetAndTheNextCommandGoesOn) {
  auto first = prepare();
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().cause, kNotReadyCause);
  EXPECT_EQ(tasks_, (std::vector<std::string>{"prepare", "sanity_check"}));
  EXPECT_EQ(prepare().error().cause, kNotReadyCause);
  EXPECT_EQ(tasks_.size(), 4U) << "it prepares again, as its report says what is left";
  do_manual_work();
  auto last = prepare();
  ASSERT_TRUE(last.ok()) << last.error().text();
  EXPECT_EQ(last->statistics.get_int("cases"), 4);
  EXPECT_EQ(tasks_.size(), 7U);
  ASSERT_TRUE(prepare().ok());
  EXPECT_EQ(tasks_.size(), 7U) << "what is ready is not prepared again";
}

TEST_F(Preparing, ServingGoesOnAfterChangesOnly) {
  EXPECT_EQ(prepare(GoOn::kAfterChanges).error().cause, kNotReadyCause);
  const std::size_t ran = tasks_.size();
  EXPECT_EQ(prepare(GoOn::kAfterChanges).error().cause, kNotReadyCause);
  EXPECT_EQ(tasks_.size(), ran);
  do_manual_work();
  EXPECT_TRUE(prepare(GoOn::kAfterChanges).ok());
}

TEST_F(Preparing, NothingIsToldWithoutConsent) {
  world_.answers = {{"how far the preparation", Answer::kLater}};
  EXPECT_EQ(prepare().error().cause, kNotReadyCause) << "the work waits for no answer";
  world_.answers = {{"how far the preparation", Answer::kNo}};
  EXPECT_EQ(prepare().error().cause, kNotReadyCause);
  set_policy("never");
  world_.answers.clear();
  EXPECT_EQ(prepare().error().cause, kNotReadyCause);
  EXPECT_TRUE(world_.hub.reports.empty());
  for (const std::string& question : world_.person->asked)
    EXPECT_EQ(question.find("how far"), std::string::npos) << "never asks nobody";
}

TEST_F(Preparing, TheProgressIsTheShareOfCasesByStatusAlone) {
  do_manual_work();
  while_preparing_ = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1500)); };
  ASSERT_TRUE(prepare().ok());
  const auto told = statuses();
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.front(), "started");
  EXPECT_EQ(told.back(), "finished");
  const Json progress = *world_.hub.reports.back().find("progress");
  EXPECT_EQ(to_canonical(progress), R"({"Stage -2":"25.0%","Stage 1":"25.0%","Stage 3":"50.0%"})");
  for (const Json& report : world_.hub.reports)
    EXPECT_EQ(to_text(report).find("Doe"), std::string::npos);
}

TEST_F(Preparing, ThePolicyMayAlwaysTell) {
  set_policy("always");
  EXPECT_FALSE(prepare().ok());
  EXPECT_EQ(statuses().front(), "started");
  for (const std::string& question : world_.person->asked)
    EXPECT_EQ(question.find("how far"), std::string::npos);
}

TEST_F(Preparing, AFailedPreparationIsToldAsSuch) {
  set_policy("always");
  world_.engine.programs.clear();  // so it fails
  EXPECT_FALSE(prepare().ok());
  EXPECT_EQ(statuses().back(), "failed");
}

TEST_F(Preparing, AHostileReportTellsNoShares) {
  set_policy("always");
  do_manual_work();
  report_ = "status: {a: 'John Doe, 1950'}\n";
  ASSERT_TRUE(prepare().ok());
  EXPECT_EQ(statuses().back(), "finished");
  for (const Json& report : world_.hub.reports)
    EXPECT_TRUE(report.find("progress")->members().empty());
}

TEST_F(Preparing, ChangesAreToldEveryHalfMinuteAndTheSameOnlyOnce) {
  auto site = world_.command();
  Hub* hub = site->hub().value();
  ReportSender sender(*hub, world_.clock, DatasetId{9});
  const auto report = [](std::string share) {
    PreparationReport out;
    out.progress.set("Stage 1", std::move(share));
    return out;
  };
  sender.started();
  sender.look(report("10.0%"));
  EXPECT_EQ(statuses(), (std::vector<std::string>{"started"})) << "too early";
  world_.clock.advance(std::chrono::seconds{31});
  sender.look(report("20.0%"));
  world_.clock.advance(std::chrono::seconds{31});
  sender.look(report("20.0%"));
  EXPECT_EQ(statuses(), (std::vector<std::string>{"started", "running"}));
  sender.ended("finished", report("100.0%"));
  EXPECT_EQ(statuses().back(), "finished");
  EXPECT_EQ(world_.hub.reports.back().find("progress")->get_string("Stage 1"), "100.0%");
}

TEST(PreparationReport, IsReadAsCodeFromOutsideWroteIt) {
  TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    EXPECT_TRUE(write_file_atomically(folder.path() / "report.yaml", text).ok());
    return read_preparation_report(folder.path(), "report.yaml");
  };
  EXPECT_EQ(read("")->cases, 0U);
  const auto good = read(std::string(kReport));
  EXPECT_EQ(good->cases, 4U);
  EXPECT_EQ(good->done, 2U);
  EXPECT_TRUE(read("comment: {a: x}\n")->progress.members().empty()) << "no status, no shares";
  EXPECT_EQ(read("status: {a: 1.0, b: 2}\n")->progress.get_string("Stage 1"), "50.0%");
  for (const char* bad : {"status: {a: text}", "status: {a: 1.5}", "status: {a: 99999}", "- list",
                          "status: 3", "status: {a: .nan}", "{{{"})
    EXPECT_FALSE(read(bad).ok()) << bad;
  std::string many = "status: {";
  for (int i = 0; i < 100; ++i) many += "c" + std::to_string(i) + ": " + std::to_string(i) + ", ";
  EXPECT_FALSE(read(many + "}").ok());
  fs::remove(folder.path() / "report.yaml");
  fs::create_symlink("/etc/hostname", folder.path() / "report.yaml");
  EXPECT_FALSE(read_preparation_report(folder.path(), "report.yaml").ok());
}

}  // namespace
}  // namespace medperf::site
