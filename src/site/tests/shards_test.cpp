#include "site/cases/shards.h"

#include <gtest/gtest.h>

#include "imaging/npy.h"
#include "site/tests/temporary_folder.h"

namespace medperf::site {
namespace {

class Shards : public ::testing::Test {
 protected:
  void put(const fs::path& relative, std::string_view text) {
    const fs::path file = folder_.path() / relative;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file_atomically(file, text).ok());
  }
  std::string text(const fs::path& relative) const {
    return read_file(folder_.path() / relative).value_or("(missing)");
  }
  fs::path at(const fs::path& relative) const { return folder_.path() / relative; }

  /// Seven cases in a table, an array of 7 x 2 bytes, and a folder a case.
  void put_cases() {
    std::string table = "case_id,age\n";
    imaging::NpyArray array;
    array.shape = {7, 2};
    for (int i = 0; i < 7; ++i) {
      const std::string id = "c" + std::to_string(i);
      table += id + "," + std::to_string(20 + i) + "\n";
      array.data += std::string(1, static_cast<char>(i)) + "x";
      put("data/images/" + id + "/t1.nii", "t1 of " + id);
      put("data/images/" + id + "/sub/t2.nii", "t2 of " + id);
    }
    put("data/cases.csv", table);
    put("data/images.npy", imaging::write_npy(array));
    put("data/protocol.txt", "for every run");
  }
  static wire::CaseLayout layout() {
    return {{"cases.csv"}, {"images.npy"}, {"images/*"}, {"predictions.csv"}};
  }
  TemporaryFolder folder_;
};

TEST_F(Shards, AreDisjointCompleteAndBalanced) {
  for (std::size_t cases : {0U, 1U, 7U, 100U}) {
    for (std::size_t shards = 1; shards < 12; ++shards) {
      const auto ranges = share_out(cases, shards);
      EXPECT_EQ(ranges.size(), std::max<std::size_t>(1, std::min(cases, shards)));
      std::size_t next = 0;
      for (const CaseRange& range : ranges) {
        EXPECT_EQ(range.begin, next);
        EXPECT_LE(range.end - range.begin, cases / ranges.size() + 1);
        next = range.end;
      }
      EXPECT_EQ(next, cases);
    }
  }
}

TEST_F(Shards, HoldTheirCasesAndWhatIsShared) {
  put_cases();
  const auto count = count_cases(layout(), at("data"));
  ASSERT_TRUE(count.ok()) << count.error().text();
  ASSERT_EQ(*count, 7U);
  const auto ranges = share_out(7, 3);
  ASSERT_TRUE(write_shards(layout(), at("data"), ranges, {at("0"), at("1"), at("2")}).ok());
  EXPECT_EQ(text("0/cases.csv"), "case_id,age\nc0,20\nc1,21\n");
  EXPECT_EQ(text("2/cases.csv"), "case_id,age\nc4,24\nc5,25\nc6,26\n");
  EXPECT_EQ(text("1/images/c3/sub/t2.nii"), "t2 of c3");
  EXPECT_FALSE(fs::exists(at("1/images/c4")));
  EXPECT_EQ(text("2/protocol.txt"), "for every run");
  const auto array = imaging::parse_npy(text("1/images.npy")).value();
  EXPECT_EQ(array.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(array.data, std::string("\2x\3x"));
  const auto mode = fs::status(at("1/images/c3/t1.nii")).permissions();
  EXPECT_NE(mode & fs::perms::others_read, fs::perms::none) << "containers read it as another user";
}

TEST_F(Shards, ThatAreNotMadeOfTheSameCasesAreRefused) {
  put_cases();
  put("data/cases.csv", "case_id,age\nc0,20\n");
  const auto count = count_cases(layout(), at("data"));
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(count.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(count.error().what.find("has 7 cases, but 'cases.csv' has 1"), std::string::npos);
  fs::remove(at("data/cases.csv"));
  EXPECT_EQ(count_cases(layout(), at("data")).error().kind, ErrorKind::kNotFound);
}

TEST_F(Shards, PredictionsArePutTogetherInTheOrderOfCases) {
  put("0/predictions.csv", "id,score\nb,0.1\na,0.2\n");
  put("1/predictions.csv", "id,score\nd,0.3\n");
  put("0/masks/b.nii", "b");
  put("1/masks/d.nii", "d");
  ASSERT_TRUE(merge_predictions(layout(), {at("0"), at("1")}, at("all")).ok());
  EXPECT_EQ(text("all/predictions.csv"), "id,score\nb,0.1\na,0.2\nd,0.3\n");
  EXPECT_EQ(text("all/masks/b.nii"), "b");
  EXPECT_EQ(text("all/masks/d.nii"), "d");
}

TEST_F(Shards, ALastLineMayLackItsEnd) {
  put("0/predictions.csv", "id\na");
  put("1/predictions.csv", "id\nb");
  ASSERT_TRUE(merge_predictions(layout(), {at("0"), at("1")}, at("all")).ok());
  EXPECT_EQ(text("all/predictions.csv"), "id\na\nb");
}

TEST_F(Shards, PredictionsThatClashAreRefused) {
  put("0/summary.json", "{}");
  put("1/summary.json", "{}");
  EXPECT_EQ(merge_predictions(layout(), {at("0"), at("1")}, at("a")).error().kind,
            ErrorKind::kInvalid);
  fs::remove(at("1/summary.json"));
  EXPECT_TRUE(merge_predictions(layout(), {at("0"), at("1")}, at("b")).ok());
  put("0/predictions.csv", "id,score\na,1\n");
  put("1/predictions.csv", "id,value\nb,1\n");
  EXPECT_EQ(merge_predictions(layout(), {at("0"), at("1")}, at("c")).error().kind,
            ErrorKind::kInvalid);
}

TEST(CountOutputs, RowsOfTheMergedTableElseFiles) {
  const TemporaryFolder folder;
  wire::CaseLayout layout;
  layout.merged_tables = {"p.csv"};
  EXPECT_EQ(count_outputs(layout, folder.path() / "none"), 0U);
  EXPECT_EQ(count_outputs(layout, folder.path()), 0U);
  ASSERT_TRUE(write_file_atomically(folder.path() / "p.csv", "case\n").ok());
  EXPECT_EQ(count_outputs(layout, folder.path()), 0U) << "a header is no case";
  ASSERT_TRUE(write_file_atomically(folder.path() / "p.csv", "case\na\nb").ok());
  EXPECT_EQ(count_outputs(layout, folder.path()), 1U) << "half a row is none";
  layout.merged_tables.clear();
  ASSERT_TRUE(write_file_atomically(folder.path() / "b.nii", "x").ok());
  EXPECT_EQ(count_outputs(layout, folder.path()), 2U);
  fs::remove(folder.path() / "p.csv");
  fs::create_symlink("/etc/passwd", folder.path() / "p.csv");
  layout.merged_tables = {"p.csv"};
  EXPECT_EQ(count_outputs(layout, folder.path()), 2U) << "no link is followed";
}

}  // namespace
}  // namespace medperf::site
