// From files of real patients to lesion-wise scores (tests/data/brain-tumour, with its
// attribution).

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "cohort/label_pair.h"
#include "metrics/segmentation/lesion_wise.h"

namespace medperf::cohort {
namespace {

const std::filesystem::path kFolder = MEDPERF_SOURCE_DIR "/tests/data/brain-tumour";

std::vector<metrics::LesionTable> tables_of(const std::string& site, const std::string& algorithm,
                                            const metrics::LesionPolicy& policy) {
  const auto pair = read_label_pair(kFolder / site / (algorithm + ".nii.gz"),
                                    kFolder / site / "consensus_simple.nii.gz");
  if (!pair) throw std::runtime_error(pair.error().text());
  const auto regions = metrics::brats_regions(4);
  return metrics::lesion_tables(view_of(pair->prediction).value(), view_of(pair->reference).value(),
                                regions, policy.rules)
      .value();
}

TEST(BrainTumourLesions, EqualTheRulesOfBrats2023) {
  const metrics::LesionPolicy& policy = *metrics::find_lesion_policy("brats-2023-gli");
  const std::map<std::string, std::size_t> regions = {{"WT", 0}, {"TC", 1}, {"ET", 2}};
  std::ifstream file(kFolder / "lesions.csv");
  std::string line;
  std::getline(file, line);
  std::map<std::string, std::vector<metrics::LesionTable>> done;
  int rows = 0;
  while (std::getline(file, line)) {
    SCOPED_TRACE(line);
    std::stringstream cells(line);
    std::string site, algorithm, region, number;
    std::getline(cells, site, ',');
    std::getline(cells, algorithm, ',');
    std::getline(cells, region, ',');
    const auto next = [&cells, &number] {
      std::getline(cells, number, ',');
      return std::stod(number);
    };
    auto& tables = done[site + algorithm];
    if (tables.empty()) tables = tables_of(site, algorithm, policy);
    const metrics::LesionTable& table = tables[regions.at(region)];
    EXPECT_EQ(static_cast<double>(table.tp()), next());
    EXPECT_EQ(static_cast<double>(table.fp()), next());
    EXPECT_EQ(static_cast<double>(table.fn()), next());
    EXPECT_NEAR(*metrics::lesion_wise_dice(table, policy).value, next(), 1e-9);
    EXPECT_NEAR(*metrics::lesion_wise_hd95(table, policy).value, next(), 1e-9);
    ++rows;
  }
  EXPECT_EQ(rows, 30);
}

// Patient A has no enhancing tumour in the fusion: an algorithm that finds none is right, one that
// finds some has invented it.
TEST(BrainTumourLesions, AnEmptyReferenceIsScoredByThePolicy) {
  const metrics::LesionPolicy& policy = *metrics::find_lesion_policy("brats-2023-gli");
  for (const char* algorithm : {"hnfnetv1-20", "isen-20", "sanet0-20", "scan-20", "yixinmpl-20"}) {
    const auto enhancing = tables_of("site-a", algorithm, policy)[2];
    EXPECT_TRUE(enhancing.lesions.empty());
    EXPECT_EQ(*metrics::lesion_wise_dice(enhancing, policy).value, enhancing.fp() == 0 ? 1 : 0);
    EXPECT_EQ(*metrics::lesion_wise_hd95(enhancing, policy).value, enhancing.fp() == 0 ? 0 : 374);
  }
}

}  // namespace
}  // namespace medperf::cohort
