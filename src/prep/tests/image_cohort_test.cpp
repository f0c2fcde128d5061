#include "prep/image_cohort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "imaging/npy.h"

namespace medperf::prep {
namespace {

/// A raw export in a folder of its own: `normals` + `pneumonias` random images.
class Export : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "prep-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* folder : {"images", "labels", "data_out", "labels_out"}) {
      fs::create_directory(root_ / folder);
    }
    rules_.findings = {{"normal", 0}, {"pneumonia", 1}};
  }
  void TearDown() override { ASSERT_TRUE(remove_tree(root_).ok()); }

  void add_image(const std::string& accession, unsigned seed, std::uint32_t side = 28) {
    imaging::GreyImage image{side, side, 8, {}};
    std::mt19937 random(seed);
    for (std::uint32_t i = 0; i < side * side; ++i) {
      image.pixels.push_back(static_cast<std::uint16_t>(random() % 256));
    }
    write(root_ / "images" / (accession + ".png"), *imaging::write_png(image));
  }
  void add(const std::string& accession, const std::string& finding, unsigned seed) {
    add_image(accession, seed);
    rows_ += accession + ",P" + std::to_string(seed) + ",2025-01-02," + finding + "\n";
  }
  void write(const fs::path& file, const std::string& text) {
    ASSERT_TRUE(write_file_atomically(file, text).ok());
  }
  Result<PreparedCohort> prepare() {
    write(root_ / "labels" / "labels.csv", "accession,patient_id,study_date,finding\n" + rows_);
    return prepare_image_cohort(root_ / "images", root_ / "labels", rules_);
  }
  std::string problem() {
    const auto cohort = prepare();
    return cohort.ok() ? "" : cohort.error().where + ": " + cohort.error().what;
  }
  void add_many(int normals, int pneumonias) {
    for (int i = 0; i < normals; ++i) add("N" + std::to_string(i), "normal", 100u + unsigned(i));
    for (int i = 0; i < pneumonias; ++i) {
      add("S" + std::to_string(i), "pneumonia", 500u + unsigned(i));
    }
  }
  fs::path data_out() const { return root_ / "data_out"; }
  fs::path labels_out() const { return root_ / "labels_out"; }

  fs::path root_;
  ImageCohortRules rules_;
  std::string rows_;
};

TEST_F(Export, IsPreparedWithoutIdentifiers) {
  add_many(6, 7);
  const auto cohort = prepare();
  ASSERT_TRUE(cohort.ok()) << cohort.error().text();
  EXPECT_EQ(cohort->size(), 13u);
  EXPECT_EQ(cohort->case_ids.front(), "case-0001");
  EXPECT_EQ(std::count(cohort->positive.begin(), cohort->positive.end(), true), 7);
  ASSERT_TRUE(write_prepared(*cohort, data_out(), labels_out()).ok());
  std::string everything;
  for (const auto& file : {data_out() / "cases.csv", labels_out() / "labels.csv"}) {
    everything += *read_file(file);
  }
  for (const char* identifier : {"N0", "S1", "P500", "2025"}) {
    EXPECT_EQ(everything.find(identifier), std::string::npos) << identifier;
  }
  const auto array = imaging::parse_npy(*read_file(data_out() / "images.npy"));
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(array->shape, (std::vector<std::size_t>{13, 28, 28}));
}

TEST_F(Export, OrderDependsOnPixelsNotOnNamesOrRows) {
  add_many(3, 3);
  const auto first = prepare();
  fs::remove_all(root_ / "images");
  fs::create_directory(root_ / "images");
  rows_.clear();
  for (int i = 2; i >= 0; --i) {
    add("Z" + std::to_string(i), "pneumonia", 500u + unsigned(i));
    add("A" + std::to_string(i), "normal", 100u + unsigned(i));
  }
  const auto second = prepare();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->pixels, second->pixels);
  EXPECT_EQ(first->positive, second->positive);
}

TEST_F(Export, LabelsStayWithTheirImages) {
  add_many(4, 4);
  const auto cohort = prepare();
  ASSERT_TRUE(cohort.ok());
  for (std::size_t i = 0; i < cohort->size(); ++i) {
    bool found = false;
    for (unsigned seed : {100u, 101u, 102u, 103u, 500u, 501u, 502u, 503u}) {
      std::mt19937 random(seed);
      std::string pixels;
      for (int k = 0; k < 784; ++k) pixels += static_cast<char>(random() % 256);
      if (pixels == cohort->image(i)) {
        EXPECT_EQ(cohort->positive[i], seed >= 500);
        found = true;
      }
    }
    EXPECT_TRUE(found);
  }
}

TEST_F(Export, SecondPreparationWritesNothing) {
  add_many(3, 3);
  const auto cohort = prepare();
  EXPECT_EQ(*write_prepared(*cohort, data_out(), labels_out()), 3);
  EXPECT_EQ(*write_prepared(*cohort, data_out(), labels_out()), 0);
  write(labels_out() / "labels.csv", "half");
  EXPECT_EQ(*write_prepared(*cohort, data_out(), labels_out()), 1);
}

TEST_F(Export, RefusesWhatDoesNotMatch) {
  add_many(2, 2);
  add_image("X9", 77);
  EXPECT_EQ(problem(), "accession X9: its image has no label in labels.csv");
  rows_ += "X9,P,2025-01-01,normal\nX10,P,2025-01-01,normal\n";
  EXPECT_EQ(problem(), "accession X10: labels.csv has a label for it, but there is no image");
}

TEST_F(Export, RefusesTheSamePixelsTwice) {
  add("A1", "normal", 5);
  add("A2", "pneumonia", 5);
  EXPECT_EQ(problem(), "accessions A1 and A2: both images have the same pixels");
}

TEST_F(Export, RefusesBrokenBlankAndOddImages) {
  add("A1", "normal", 5);
  write(root_ / "images" / "A1.png", "no png");
  EXPECT_EQ(problem().rfind("accession A1: ", 0), 0u) << problem();
  add_image("A1", 5, 27);
  EXPECT_EQ(problem(), "accession A1: the image is 27 x 27 of 8 bits");
  const imaging::GreyImage blank{28, 28, 8, std::vector<std::uint16_t>(784, 9)};
  write(root_ / "images" / "A1.png", *imaging::write_png(blank));
  EXPECT_EQ(problem(), "accession A1: the image is blank: all pixels are equal");
}

TEST_F(Export, RefusesBadTables) {
  add("A1", "normal", 5);
  rows_ = "A1,P,2025-01-01,maybe\n";
  EXPECT_EQ(problem(), "labels.csv: row 1: the finding is unknown");
  rows_ = "A1,P,2025-01-01,\n";
  EXPECT_EQ(problem(), "labels.csv: row 1: the finding is missing");
  rows_ = "../A1,P,2025-01-01,normal\n";
  EXPECT_EQ(problem(), "labels.csv: row 1: the accession is missing or is no file name");
  rows_ = "A1,P,2025-01-01,normal\nA1,P,2025-01-01,normal\n";
  EXPECT_EQ(problem(), "labels.csv: row 2: it repeats an accession");
  rows_ = "";
  fs::remove(root_ / "images" / "A1.png");
  EXPECT_EQ(problem(), "labels.csv: it has 0 rows");
  EXPECT_EQ(read_raw_labels("accession,x\n", {}).error().what, "the column finding is missing");
}

TEST_F(Export, PreparedDataIsReadBackAndChecked) {
  add_many(6, 6);
  const auto cohort = prepare();
  ASSERT_TRUE(write_prepared(*cohort, data_out(), labels_out()).ok());
  const auto again = read_prepared(data_out(), labels_out(), rules_);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->pixels, cohort->pixels);
  EXPECT_EQ(again->positive, cohort->positive);
  EXPECT_TRUE(check_cohort(*again).ok());

  write(data_out() / "notes.txt", "Miller");
  EXPECT_FALSE(read_prepared(data_out(), labels_out(), rules_).ok());
  fs::remove(data_out() / "notes.txt");
  write(labels_out() / "labels.csv", "case_id,label\ncase-0001,1\n");
  EXPECT_FALSE(read_prepared(data_out(), labels_out(), rules_).ok());
}

TEST_F(Export, CohortChecksFindOneClassAndForeignIds) {
  add_many(0, 6);
  auto cohort = prepare();
  EXPECT_EQ(check_cohort(*cohort).error().what, "only one class is present");
  cohort->positive[0] = false;
  EXPECT_TRUE(check_cohort(*cohort).ok());
  cohort->case_ids[2] = "Miller-001";
  EXPECT_FALSE(check_cohort(*cohort).ok());
  cohort->case_ids[2] = cohort->case_ids[1];
  EXPECT_EQ(check_cohort(*cohort).error().what, "a case_id is repeated");
  cohort->case_ids[2] = "case-0003";
  std::copy_n(cohort->pixels.begin(), 784, cohort->pixels.begin() + 784);
  EXPECT_EQ(check_cohort(*cohort).error().what, "its image occurs twice");
}

TEST_F(Export, StatisticsHideSmallCells) {
  add_many(4, 12);
  const Json hidden = describe_cohort(*prepare(), rules_);
  EXPECT_EQ(hidden.get_int("cases"), 16);
  EXPECT_TRUE(hidden.find("positive_cases")->is_null());
  EXPECT_TRUE(hidden.find("negative_cases")->is_null());
  EXPECT_TRUE(hidden.find("prevalence")->is_null());
  add("N9", "normal", 900);
  const Json shown = describe_cohort(*prepare(), rules_);
  EXPECT_EQ(shown.get_int("positive_cases"), 12);
  EXPECT_EQ(shown.get_int("negative_cases"), 5);
  EXPECT_EQ(shown.find("prevalence")->as_double(), 0.706);
  EXPECT_NEAR(shown.find_path({"intensity", "mean"})->as_double(), 127.5, 3);
  EXPECT_NEAR(shown.find_path({"intensity", "sd"})->as_double(), 73.9, 3);
  EXPECT_NEAR(static_cast<double>(shown.find_path({"intensity", "median"})->as_int()), 127, 5);
}

TEST_F(Export, StatisticsOfVeryFewCasesSayNothing) {
  add_many(2, 2);
  const Json document = describe_cohort(*prepare(), rules_);
  EXPECT_TRUE(document.find("cases")->is_null());
  EXPECT_TRUE(document.find("intensity")->is_null());
}

}  // namespace
}  // namespace medperf::prep
