#pragma once
// Fixtures of segmentation in tests/oracle: CSV rows, masks as hexadecimal digits.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/segmentation/bit_mask.h"

namespace medperf::metrics {

/// One line of a fixture, by the names of its header.
class FixtureRow {
 public:
  explicit FixtureRow(std::map<std::string, std::string> cells) : cells_(std::move(cells)) {}
  const std::string& text(const std::string& name) const { return cells_.at(name); }
  double number(const std::string& name) const { return std::stod(text(name)); }
  int whole(const std::string& name) const { return std::stoi(text(name)); }

  Extent extent() const { return {whole("nx"), whole("ny"), whole("nz")}; }
  Dimensions dimensions() const {
    return whole("dimensions") == 2 ? Dimensions::k2 : Dimensions::k3;
  }
  SpacingMm spacing() const { return {number("sx"), number("sy"), number("sz")}; }

  /// The mask of a column: bits of bytes, x fastest, lowest bit first.
  BitMask mask(const std::string& name) const {
    const Extent size = extent();
    BitMask result(Box::whole(size));
    const std::string& digits = text(name);
    const auto digit = [&digits](std::int64_t at) {
      const char c = digits[static_cast<std::size_t>(at)];
      return c <= '9' ? c - '0' : c - 'a' + 10;
    };
    std::int64_t index = 0;
    for (int z = 0; z < size.z; ++z) {
      for (int y = 0; y < size.y; ++y) {
        for (int x = 0; x < size.x; ++x, ++index) {
          // The first digit of a byte is its higher half.
          const std::int64_t half = index / 8 * 2 + (index % 8 < 4 ? 1 : 0);
          if ((digit(half) >> (index % 4) & 1) != 0) result.set(x, y, z);
        }
      }
    }
    return result;
  }

 private:
  std::map<std::string, std::string> cells_;
};

/// All rows of tests/oracle/`name`; a test failure when there are none.
inline std::vector<FixtureRow> read_fixture(const std::string& name) {
  std::ifstream file(std::string(MEDPERF_SOURCE_DIR "/src/metrics/tests/oracle/") + name);
  const auto cells = [](const std::string& line) {
    std::vector<std::string> result;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) result.push_back(cell);
    return result;
  };
  std::string line;
  std::getline(file, line);
  const auto names = cells(line);
  std::vector<FixtureRow> rows;
  while (std::getline(file, line)) {
    auto values = cells(line);
    values.resize(names.size());
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = values[i];
    rows.emplace_back(std::move(row));
  }
  EXPECT_FALSE(rows.empty()) << name;
  return rows;
}

/// Masks written in a test: rows of '#' and '.', slices apart, x to the right and y down.
inline BitMask drawn(const std::vector<std::vector<std::string>>& slices) {
  const Extent size{static_cast<int>(slices[0][0].size()), static_cast<int>(slices[0].size()),
                    static_cast<int>(slices.size())};
  BitMask mask(Box::whole(size));
  for (int z = 0; z < size.z; ++z) {
    for (int y = 0; y < size.y; ++y) {
      for (int x = 0; x < size.x; ++x) {
        const auto& row = slices[static_cast<std::size_t>(z)][static_cast<std::size_t>(y)];
        if (row[static_cast<std::size_t>(x)] == '#') mask.set(x, y, z);
      }
    }
  }
  return mask;
}

}  // namespace medperf::metrics
