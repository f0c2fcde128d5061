// Cohorts of label maps: lists of cases, what fails and what goes on, the figures, the summary.

#include "cohort/segmentation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "base/csv.h"
#include "base/files.h"
#include "cohort/cohort_document.h"
#include "cohort/region_metrics.h"
#include "cohort/summary.h"
#include "imaging/nifti.h"
#include "imaging/npy.h"
#include "imaging/png.h"

namespace medperf::cohort {
namespace {

const fs::path kFolder = MEDPERF_SOURCE_DIR "/tests/data/brain-tumour";
constexpr std::array kAlgorithms = {"hnfnetv1-20", "isen-20", "sanet0-20", "scan-20",
                                    "yixinmpl-20"};

class Segmentation : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("segmentation_test." + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, std::string_view content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  fs::path folder_;
};

std::vector<CaseFiles> real_cases() {
  std::vector<CaseFiles> cases;
  for (const std::string site : {"site-a", "site-b"}) {
    for (const std::string algorithm : kAlgorithms) {
      cases.push_back({site + "/" + algorithm, kFolder / site / (algorithm + ".nii.gz"),
                       kFolder / site / "consensus_simple.nii.gz", site, algorithm});
    }
  }
  return cases;
}

SegmentationOptions brats_options() {
  SegmentationOptions options;
  options.regions = {{"WT", {1, 2, 4}}, {"TC", {1, 4}}, {"ET", {4}}};
  options.tau_mm = {1, 2.5};
  options.lesion_policy = "brats-2023-gli";
  for (const std::string_view id : segmentation_metrics()) options.metrics.emplace_back(id);
  return options;
}

std::string square(std::uint16_t label, std::uint32_t first) {
  imaging::GreyImage image{8, 8, 8, std::vector<std::uint16_t>(64)};
  for (std::uint32_t y = first; y < first + 4; ++y) {
    for (std::uint32_t x = 2; x < 6; ++x) image.pixels[y * 8 + x] = label;
  }
  return imaging::write_png(image).value();
}

TEST(CaseList, ColumnsInAnyOrderAndPathsBelowTheTable) {
  const auto cases = parse_case_list(
      "patient,reference,case_id,prediction\np1,r/a.nii,a,/p/a.nii\np2,r/b.nii,b,b.nii\n", "/data");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_EQ((*cases)[0].reference, "/data/r/a.nii");
  EXPECT_EQ((*cases)[0].prediction, "/p/a.nii");
  EXPECT_EQ((*cases)[0].patient, "p1");
  const auto alone = parse_case_list("case_id,prediction,reference\nb,p,r\n", "/data");
  ASSERT_TRUE(alone) << alone.error().text();
  EXPECT_EQ((*alone)[0].patient, "b") << "without a column of patients a case is its own";
}

TEST(CaseList, WhatIsNoList) {
  const std::string head = "case_id,prediction,reference\n";
  for (const std::string& text :
       {std::string("case_id,prediction\na,b\n"), head, head + "a,p,r\na,p,r\n", head + ",p,r\n",
        head + "a,,r\n", std::string("case_id,prediction,reference,site\na,p,r,s\n")}) {
    SCOPED_TRACE(text);
    const auto cases = parse_case_list(text, "/data");
    ASSERT_FALSE(cases);
    EXPECT_EQ(cases.error().kind, ErrorKind::kInvalid);
    EXPECT_FALSE(cases.error().advice.empty());
  }
}

TEST_F(Segmentation, FoldersAreMatchedByNameWithoutTheEnding) {
  write("p/a.nii.gz", "x");
  write("p/c.png", "x");
  write("p/notes.txt", "x");
  write("r/a.nii", "x");
  write("r/b.nii.gz", "x");
  const auto cases = match_folders(folder_ / "p", folder_ / "r");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 3u);
  EXPECT_EQ((*cases)[0].id, "a");
  EXPECT_EQ((*cases)[0].reference.filename(), "a.nii");
  EXPECT_TRUE((*cases)[1].prediction.empty());
  EXPECT_TRUE((*cases)[2].reference.empty());
  write("p/a.nii", "x");
  EXPECT_FALSE(match_folders(folder_ / "p", folder_ / "r")) << "a.nii and a.nii.gz";
  EXPECT_FALSE(match_folders(folder_ / "p", folder_ / "none"));
}

TEST(Regions, AreANameAndLabels) {
  const auto region = parse_region("WT=1,2,4");
  ASSERT_TRUE(region);
  EXPECT_EQ(region->name, "WT");
  EXPECT_EQ(region->labels, (std::vector<std::int32_t>{1, 2, 4}));
  for (const char* text : {"", "WT", "=1", "WT=", "WT=0", "WT=1,,2", "WT=1x", "WT=99999999999"}) {
    EXPECT_FALSE(parse_region(text)) << text;
  }
}

TEST(Columns, OneForEachToleranceAndNoneThatCannotBeMeasured) {
  SegmentationOptions options = brats_options();
  options.metrics = {"dice", "nsd"};
  const auto columns = columns_of(options);
  ASSERT_TRUE(columns);
  ASSERT_EQ(columns->size(), 9u);
  EXPECT_EQ((*columns)[2].title(), "WT nsd 2.5 mm");
  options.metrics = {"auroc"};
  EXPECT_FALSE(columns_of(options));
  options.metrics = {"nsd"};
  options.tau_mm.clear();
  EXPECT_FALSE(columns_of(options)) << "no tolerance";
  options.metrics = {"lesion-dice"};
  options.lesion_policy = "brats-1999";
  EXPECT_FALSE(columns_of(options));
  options = brats_options();
  options.regions.clear();
  EXPECT_FALSE(columns_of(options));
}

TEST_F(Segmentation, EveryDiceOfTwoPatientsIsThatOfNumPy) {
  SegmentationOptions options = brats_options();
  options.metrics = {"dice"};
  const auto result = measure_segmentations(real_cases(), options);
  ASSERT_TRUE(result) << result.error().text();
  const CsvTable known = parse_csv(read_file(kFolder / "dice.csv").value()).value();
  ASSERT_EQ(known.rows.size(), 30u);
  for (std::size_t i = 0; i < known.rows.size(); ++i) {
    const CaseResult& one = result->cases[i / 3];
    EXPECT_EQ(one.files.id, known.rows[i][0] + "/" + known.rows[i][1]);
    EXPECT_DOUBLE_EQ(one.values[i % 3].value.value(), std::stod(known.rows[i][6]));
  }
}

TEST_F(Segmentation, AllMetricsAreTheSameForAnyNumberOfThreads) {
  SegmentationOptions options = brats_options();
  const std::vector<CaseFiles> all = real_cases();
  const std::vector<CaseFiles> some = {all[0], all[5], all[6]};
  const auto measured = [&](int threads) {
    options.threads = threads;
    std::size_t calls = 0;
    const auto result = measure_segmentations(
        some, options, [&calls](std::size_t done, std::size_t) { EXPECT_EQ(done, ++calls); });
    EXPECT_EQ(calls, some.size());
    metrics::BootstrapOptions bootstrap;
    bootstrap.threads = threads;
    bootstrap.replicates = 200;
    const auto summaries = summarise(result.value(), bootstrap).value();
    return to_text(cohort_document(result.value(), summaries, {"segmentation", "test"}));
  };
  EXPECT_EQ(measured(1), measured(3));
}

TEST_F(Segmentation, ABadCaseIsReportedAndTheOthersGoOn) {
  std::vector<CaseFiles> cases = {real_cases()[6]};
  const fs::path reference = cases[0].reference;
  cases.push_back({"missing", folder_ / "none.nii.gz", reference, "b", {}});
  cases.push_back({"broken", write("broken.nii.gz", "no image"), reference, "c", {}});
  cases.push_back({"unanswered", {}, reference, "d", {}});
  auto shifted = imaging::read_nifti_labels(reference).value();
  shifted.geometry.origin_mm[0] += 1;
  cases.push_back({"shifted",
                   write("shifted.nii.gz", imaging::write_nifti(shifted).value()),
                   reference,
                   "e",
                   {}});
  SegmentationOptions options = brats_options();
  options.metrics = {"dice"};
  auto result = measure_segmentations(cases, options).value();
  EXPECT_EQ(result.failed(), 4u);
  EXPECT_FALSE(result.cases[0].failure);
  for (std::size_t i = 1; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].id);
    ASSERT_TRUE(result.cases[i].failure);
    EXPECT_FALSE(result.cases[i].failure->where.empty());
    EXPECT_FALSE(result.cases[i].failure->what.empty());
    EXPECT_FALSE(result.cases[i].failure->advice.empty());
    EXPECT_TRUE(result.cases[i].values.empty());
  }
  const auto summaries = summarise(result, {}).value();
  EXPECT_EQ(summaries[0].cases, 5);
  EXPECT_EQ(summaries[0].failed, 4);
  EXPECT_EQ(summaries[0].n, 1);
  options.grid_rule = imaging::GridRule::kResampleNearest;
  result = measure_segmentations(cases, options).value();
  EXPECT_FALSE(result.cases[4].failure);
  EXPECT_FALSE(result.cases[4].remarks.empty()) << "resampling is said";
}

TEST_F(Segmentation, PlainImagesNeedASpacingForDistancesOnly) {
  const fs::path prediction = write("p.png", square(1, 1));
  const fs::path reference = write("r.png", square(1, 2));
  const std::vector<CaseFiles> cases = {{"a", prediction, reference, "a", {}}};
  SegmentationOptions options;
  options.regions = {{"square", {1}}};
  options.metrics = {"dice"};
  auto result = measure_segmentations(cases, options).value();
  EXPECT_DOUBLE_EQ(result.cases[0].values[0].value.value(), 0.75);
  options.metrics = {"hd"};
  result = measure_segmentations(cases, options).value();
  ASSERT_TRUE(result.cases[0].failure);
  EXPECT_NE(result.cases[0].failure->advice.find("--spacing"), std::string::npos);
  options.spacing_mm = {0.5, 0.7, 1};
  result = measure_segmentations(cases, options).value();
  ASSERT_FALSE(result.cases[0].failure);
  EXPECT_DOUBLE_EQ(result.cases[0].values[0].value.value(), 0.7) << "one pixel in y";
}

TEST_F(Segmentation, AnArraysLastAxisIsX) {
  const imaging::NpyArray one{imaging::NpyType::kBool, {2, 3, 4}, std::string(24, '\0')};
  imaging::NpyArray other = one;
  other.data[0] = other.data[4] = 1;  // y = 0 and y = 1
  imaging::NpyArray less = one;
  less.data[0] = 1;
  const std::vector<CaseFiles> cases = {{"a",
                                         write("p.npy", imaging::write_npy(other)),
                                         write("r.npy", imaging::write_npy(less)),
                                         "a",
                                         {}}};
  SegmentationOptions options;
  options.regions = {{"one", {1}}};
  options.metrics = {"hd"};
  options.spacing_mm = {1, 5, 25};
  const auto result = measure_segmentations(cases, options).value();
  ASSERT_FALSE(result.cases[0].failure) << result.cases[0].failure->text();
  EXPECT_DOUBLE_EQ(result.cases[0].values[0].value.value(), 5);
}

/// Two squares in a plane of 20 columns and 24 rows, two rows apart.
std::string plane_of(int first_row) {
  std::string labels(std::size_t{20} * 24, '\0');
  for (int y = first_row; y < first_row + 10; ++y) {
    for (int x = 4; x < 14; ++x) labels[static_cast<std::size_t>(y * 20 + x)] = 1;
  }
  return labels;
}

/// How the plane lies in a volume: sizes and spacings along x, y and z.
struct Lying {
  std::array<std::size_t, 3> size;
  std::array<double, 3> spacing_mm;
};

const std::vector<Lying>& lying() {
  static const std::vector<Lying> all = {
      {{20, 24, 1}, {0.5, 1.5, 4}}, {{20, 1, 24}, {0.5, 4, 1.5}}, {{1, 20, 24}, {4, 0.5, 1.5}}};
  return all;
}

/// ASSD, HD and NSD (1 mm) of the pair of files.
std::vector<double> distances_of(const fs::path& prediction, const fs::path& reference,
                                 std::optional<std::array<double, 3>> spacing_mm) {
  SegmentationOptions options;
  options.regions = {{"square", {1}}};
  options.metrics = {"assd", "hd", "nsd", "surfel-hd", "lesion-dice"};
  options.tau_mm = {1};
  options.lesion_policy = "brats-2023-gli";
  options.spacing_mm = spacing_mm;
  const std::vector<CaseFiles> cases = {{"a", prediction, reference, "a", {}}};
  const auto result = measure_segmentations(cases, options).value();
  if (result.cases[0].failure) ADD_FAILURE() << result.cases[0].failure->text();
  std::vector<double> found;
  for (const auto& value : result.cases[0].values) found.push_back(value.value.value_or(-1));
  return found;
}

TEST_F(Segmentation, OneSliceOfAnArrayIsAPlaneWhicheverItsAxis) {
  const auto file = [this](const char* name, const Lying& how, int first_row) {
    const auto& size = how.size;  // an array's axes are z, y, x
    return write(name,
                 imaging::write_npy(
                     {imaging::NpyType::kU8, {size[2], size[1], size[0]}, plane_of(first_row)}));
  };
  const auto found = [&](const Lying& how) {
    return distances_of(file("p.npy", how, 4), file("r.npy", how, 6), how.spacing_mm);
  };
  const auto flat = found(lying()[0]);
  EXPECT_DOUBLE_EQ(flat[1], 3) << "two rows of 1.5 mm";
  EXPECT_EQ(found(lying()[1]), flat);
  EXPECT_EQ(found(lying()[2]), flat);
}

TEST_F(Segmentation, OneSliceOfANiftiIsAPlaneWhicheverItsAxis) {
  const auto file = [this](const char* name, const Lying& how, int first_row) {
    imaging::Geometry grid;
    grid.size = how.size;
    grid.spacing_mm = how.spacing_mm;
    imaging::Volume volume = imaging::make_volume(grid, imaging::ElementType::kU8);
    const std::string labels = plane_of(first_row);
    std::copy(labels.begin(), labels.end(), volume.as<std::uint8_t>().begin());
    return write(name, imaging::write_nifti(volume).value());
  };
  const auto found = [&](const Lying& how) {
    return distances_of(file("p.nii.gz", how, 4), file("r.nii.gz", how, 6), std::nullopt);
  };
  const auto flat = found(lying()[0]);
  EXPECT_DOUBLE_EQ(flat[1], 3);
  EXPECT_EQ(found(lying()[1]), flat);
  EXPECT_EQ(found(lying()[2]), flat);
}

metrics::Estimate of(std::optional<double> value, std::string_view flag = {}) {
  return {value, {}, {}, "test", flag};
}

CohortResult small_result() {
  CohortResult result;
  result.columns = {{"dice", "a", {}}};
  const std::array values = {of(0.2), of(0.4), of(1, "both_empty"), of({}, "ref_empty"), of(0.8)};
  const std::array patients = {"p", "p", "q", "q", "r"};
  for (std::size_t i = 0; i < values.size(); ++i) {
    result.cases.push_back(
        {{std::to_string(i), "p", "r", patients[i], i < 2 ? "x" : "y,\"z"}, {values[i]}, {}, {}});
  }
  result.cases.push_back(
      {{"5", "p", "r", "s", "x"}, {}, make_error(ErrorKind::kCorrupt, "file, one", "bad"), {}});
  return result;
}

TEST(Summaries, UndefinedIsCountedByReasonAndPatientsAreTheUnit) {
  const auto summaries = summarise(small_result(), {}, 1).value();
  ASSERT_EQ(summaries.size(), 3u) << "all, x and y";
  const Summary& all = summaries[0];
  EXPECT_EQ(all.cases, 6);
  EXPECT_EQ(all.failed, 1);
  EXPECT_EQ(all.n, 4);
  EXPECT_EQ(all.patients, 3);
  EXPECT_EQ(all.undefined, (std::map<std::string, std::int64_t>{{"ref_empty", 1}}));
  EXPECT_EQ(all.remarked, (std::map<std::string, std::int64_t>{{"both_empty", 1}}));
  EXPECT_DOUBLE_EQ(all.mean.value.value(), 0.6);
  EXPECT_DOUBLE_EQ(all.spread->median, 0.6);
  EXPECT_DOUBLE_EQ(all.spread->q25, 0.35);
  EXPECT_EQ(summaries[1].group, "x");
  EXPECT_EQ(summaries[1].patients, 1);
  EXPECT_FALSE(summaries[1].mean.interval) << "one patient shows no spread, however many cases";
  EXPECT_TRUE(summaries[2].mean.interval);
}

TEST(Summaries, ASmallGroupHasCountsOnlyAndIsNotTheWorst) {
  const auto few = summarise(small_result(), {}).value();
  ASSERT_EQ(few.size(), 3u);
  EXPECT_TRUE(few[0].mean.value && few[0].spread) << "all cases are no group";
  EXPECT_EQ(few[0].worst_group, "");
  for (std::size_t g = 1; g < 3; ++g) {
    EXPECT_FALSE(few[g].mean.value || few[g].spread || few[g].mean.interval);
    EXPECT_EQ(few[g].mean.flag, "group_too_small");
    EXPECT_EQ(few[g].cases, 3);
  }
  const auto two = summarise(small_result(), {}, 2).value();
  EXPECT_FALSE(two[1].mean.value) << "two cases of one patient are one";
  EXPECT_TRUE(two[2].mean.value);
  EXPECT_EQ(two[0].worst_group, "y,\"z");
  EXPECT_FALSE(two[0].gap) << "there is nothing to compare it with";
  const auto one = summarise(small_result(), {}, 1).value();
  EXPECT_EQ(one[0].worst_group, "x");
  EXPECT_DOUBLE_EQ(one[0].gap.value(), *one[2].mean.value - *one[1].mean.value);
  EXPECT_FALSE(summarise(small_result(), {}, 0).ok());
}

TEST(Documents, UndefinedIsNullAndTheTableIsTidy) {
  const CohortResult result = small_result();
  const Json document = cohort_document(result, summarise(result, {}).value(), {"test", "test 1"});
  EXPECT_EQ(document.get_int("n_failed"), 1);
  const Json& undefined = document.find("cases")->items()[3].find("values")->items()[0];
  EXPECT_TRUE(undefined.find("value")->is_null());
  EXPECT_EQ(undefined.get_string("flag"), "ref_empty");
  EXPECT_TRUE(document.find("cases")->items()[5].contains("failure"));
  const auto table = parse_csv(cohort_csv(result));
  ASSERT_TRUE(table) << table.error().text();
  ASSERT_EQ(table->rows.size(), 6u);
  EXPECT_EQ(table->rows[2][2], "y,\"z");
  EXPECT_EQ(table->rows[3][*table->column("value")], "");
  EXPECT_EQ(table->rows[3][*table->column("flag")], "ref_empty");
  EXPECT_EQ(table->rows[5][*table->column("flag")], "failed");
  EXPECT_EQ(table->rows[5][*table->column("error")], "file, one: bad");
}

}  // namespace
}  // namespace medperf::cohort
