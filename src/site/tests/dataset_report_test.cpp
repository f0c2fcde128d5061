#include "site/review/dataset_report.h"

#include <gtest/gtest.h>

#include "site/flows/journal.h"
#include "site/tests/temporary_folder.h"

namespace medperf::site {
namespace {

constexpr const char* kMark = "<img src=x onerror=alert(1)>";

/// A workspace with the traces of dataset 3's preparation.
class PreparedDataset : public ::testing::Test {
 protected:
  void note(std::string_view step, Json output) {
    fs::create_directories(workspace_.dataset_folder(DatasetId{3}));
    auto journal = Journal::open(workspace_.journal_file("dataset-3"), clock_).value();
    const StepKey key = step_key(step, Json::object({{"n", ++notes_}}));
    ASSERT_TRUE(journal.note(step, key, std::move(output)).ok());
  }
  void write(const fs::path& name, const std::string& text) {
    const fs::path file = workspace_.dataset_folder(DatasetId{3}) / name;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file_atomically(file, text).ok());
  }
  DatasetReport report() { return read_dataset_report(workspace_, DatasetId{3}, clock_).value(); }

  TemporaryFolder folder_;
  Workspace workspace_ = Workspace::open(folder_.path() / "w").value();
  SystemClock clock_;
  int notes_ = 0;
};

TEST_F(PreparedDataset, NothingPreparedIsNotFound) {
  const auto none = read_dataset_report(workspace_, DatasetId{3}, clock_);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
}

TEST_F(PreparedDataset, ManualWorkIsShownCaseByCase) {
  note("prepare", Json::object());
  note("sanity_check", Json::object());
  note("not-ready", Json::object({{"round", 1}}));
  write("logs/sanity_check.log", std::string("segment ") + kMark + "\n");
  write("report/report.yaml",
        std::string("status: {a: 3, b: -1, c: 1}\nstatus_name: {a: DONE, b: '") + kMark +
            "', c: MANUAL}\ncomment: {c: look}\n");
  const DatasetReport seen = report();
  EXPECT_FALSE(seen.ready());
  EXPECT_EQ(seen.steps[1].state, "not ready");
  EXPECT_NE(seen.steps[1].text.find("segment"), std::string::npos);
  EXPECT_EQ(seen.cases_in_all, 3U);
  EXPECT_EQ(seen.cases[0].id, "b") << "what failed is shown first";
  EXPECT_EQ(seen.columns, (std::vector<std::string>{"status_name", "status", "comment"}));
  EXPECT_EQ(seen.cases[1].values, (std::vector<std::string>{"MANUAL", "1", "look"}));
  const std::string page = report_html(seen);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_NE(page.find("&lt;img src=x"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(report_text(seen).find("1 case(s): MANUAL"), std::string::npos) << report_text(seen);
  EXPECT_FALSE(to_json(seen).get_bool("ready", true));
}

TEST_F(PreparedDataset, WhatIsReadyShowsItsStatistics) {
  note("prepare", Json::object());
  note("not-ready", Json::object({{"round", 1}}));
  note("sanity_check", Json::object());
  note("statistics",
       Json::object({{"statistics",
                      Json::object({{"cases", 9}, {"age", Json::object({{"mean", 61.5}})}})}}));
  const DatasetReport seen = report();
  EXPECT_TRUE(seen.ready());
  EXPECT_EQ(seen.statistics,
            (std::vector<std::vector<std::string>>{{"age.mean", "61.5"}, {"cases", "9"}}));
  EXPECT_TRUE(seen.problem.empty()) << "a preparation need not report";
  EXPECT_NE(report_html(seen).find("age.mean"), std::string::npos);
}

TEST_F(PreparedDataset, ItIsReadWhileThePreparationRuns) {
  note("prepare", Json::object());
  const auto held = workspace_.lock("dataset-3");
  ASSERT_TRUE(held.ok());
  const fs::path journal = workspace_.journal_file("dataset-3");
  const std::string whole = read_file(journal).value();
  ASSERT_TRUE(write_file_atomically(journal, whole + "{\"half").ok());
  EXPECT_EQ(report().steps[0].state, "done");
  EXPECT_EQ(read_file(journal).value(), whole + "{\"half") << "it is another's to mend";
}

TEST_F(PreparedDataset, AReportThatIsNoneSaysSo) {
  note("prepare", Json::object());
  for (const std::string text : {"- list", "status: 3", "{{{"}) {
    write("report/report.yaml", text);
    EXPECT_FALSE(report().problem.empty()) << text;
    EXPECT_NE(report_html(report()).find("cannot be read"), std::string::npos);
  }
  std::string many = "status: {";
  for (int i = 0; i < 3000; ++i) many += "c" + std::to_string(i) + ": 1, ";
  write("report/report.yaml", many + "}");
  EXPECT_EQ(report().cases_in_all, 3000U);
  EXPECT_EQ(report().cases.size(), 2000U);
  EXPECT_NE(report_html(report()).find("2000 least advanced of 3000"), std::string::npos);
}

}  // namespace
}  // namespace medperf::site
