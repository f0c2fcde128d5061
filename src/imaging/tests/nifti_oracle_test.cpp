// Small files that nibabel wrote, and what nibabel reads in them: oracle/make_nifti.py.

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>
#include <sstream>

#include "imaging/nifti.h"

namespace medperf::imaging {
namespace {

const std::string kFolder = MEDPERF_SOURCE_DIR "/src/imaging/tests/oracle/";

std::vector<std::string> split(const std::string& line, char at) {
  std::vector<std::string> parts;
  std::stringstream stream(line);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

TEST(NiftiOracle, ReadsWhatNibabelReads) {
  std::ifstream table(kFolder + "nifti.csv");
  std::string line;
  std::getline(table, line);
  int files = 0;
  while (std::getline(table, line)) {
    const auto cells = split(line, ',');
    ASSERT_EQ(cells.size(), 16u);
    SCOPED_TRACE(cells[0]);
    const auto volume = read_nifti(kFolder + "nifti/" + cells[0]);
    ASSERT_TRUE(volume) << volume.error().text();
    const Geometry& g = volume->geometry;
    const auto extents = split(cells[1], 'x');
    ASSERT_EQ(extents.size(), static_cast<std::size_t>(g.dimensions));
    for (std::size_t a = 0; a < extents.size(); ++a) {
      EXPECT_EQ(g.size[a], std::stoul(extents[a]));
    }
    for (std::size_t row = 0; row < 3; ++row) {
      const double sign = row == 2 ? 1 : -1;  // nibabel gives RAS
      for (std::size_t column = 0; column < 4; ++column) {
        const double expected = std::stod(cells[2 + 4 * row + column]);
        const double ours = sign * (column == 3 ? g.origin_mm[row]
                                                : g.direction(row, column) * g.spacing_mm[column]);
        EXPECT_NEAR(ours, expected, 1e-12 * std::max(1.0, std::abs(expected)))
            << "affine, row " << row << " column " << column;
      }
    }
    const auto values = to_doubles(*volume);
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), std::stod(cells[14]), 1e-12);
    EXPECT_EQ(values[2 * g.size[0] + 1], std::stod(cells[15]));
    EXPECT_EQ(volume->remarks.empty(), cells[0] != "differ.nii");
    ++files;
  }
  EXPECT_EQ(files, 11);
}

}  // namespace
}  // namespace medperf::imaging
