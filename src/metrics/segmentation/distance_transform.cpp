#include "metrics/segmentation/distance_transform.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <limits>
#include <utility>

namespace medperf::metrics {
namespace {

using Word = std::uint64_t;
constexpr int kColumns = DistanceTransform::kColumns;
using Row = std::array<double, kColumns>;

/// With fewer voxels to find than this, looking at every site is faster than their envelope.
constexpr std::size_t kFew = 8;

/// min over sites of height + squared distance along one axis.
class Envelope {
 public:
  explicit Envelope(const std::vector<double>& squares) : squares_(squares) {
    halves_.push_back(0);
    for (std::size_t d = 1; d < squares.size(); ++d) {
      halves_.push_back(0.5 / (squares[1] * static_cast<double>(d)));
    }
  }

  /// Sites ascend. The height of site i is height(i).
  template <typename Height>
  void build(const std::vector<int>& sites, Height height) {
    parts_.clear();
    for (std::size_t i = 0; i < sites.size(); ++i) {
      const Part site{sites[i], height(i), 0};
      double from = -1;
      while (!parts_.empty()) {
        from = crossing(parts_.back(), site);
        if (from > parts_.back().from) break;
        parts_.pop_back();
        from = -1;
      }
      parts_.push_back({site.at, site.height, from});
    }
    part_ = 0;
  }

  /// Positions must ascend from call to call.
  double at(int position) {
    while (part_ + 1 < parts_.size() && parts_[part_ + 1].from < position) ++part_;
    double least = value(part_, position);
    // Where two parabolas cross, rounding may have chosen the neighbour.
    if (part_ > 0) least = std::min(least, value(part_ - 1, position));
    if (part_ + 1 < parts_.size()) least = std::min(least, value(part_ + 1, position));
    return least;
  }

 private:
  struct Part {
    int at;
    double height;
    double from;  // where this parabola becomes the lowest
  };

  double crossing(const Part& before, const Part& after) const {
    // Divisions would be most of the time, and rounding does not matter here, see at().
    return (after.height - before.height) *
               halves_[static_cast<std::size_t>(after.at - before.at)] +
           0.5 * (before.at + after.at);
  }
  double value(std::size_t part, int position) const {
    const Part& one = parts_[part];
    return one.height + squares_[static_cast<std::size_t>(std::abs(position - one.at))];
  }

  const std::vector<double>& squares_;
  std::vector<double> halves_;  // 1 / (2 * spacing^2 * d) by distance d
  std::vector<Part> parts_;
  std::size_t part_ = 0;
};

/// Squared distance along x to the nearest set bit of a row that has one.
void nearest_in_row(const Word* row, std::ptrdiff_t words, int first,
                    const std::vector<double>& squares, Row& out) {
  constexpr int kNone = -1;
  int before = kNone;
  for (std::ptrdiff_t i = first / 64; i >= 0 && before == kNone; --i) {
    Word word = row[i];
    if (i == first / 64) word &= ~(~Word{0} << (first % 64));
    if (word != 0) before = static_cast<int>(i) * 64 + 63 - std::countl_zero(word);
  }
  const int end = first + kColumns - 1;
  int after = kNone;
  for (std::ptrdiff_t i = end / 64; i < words && after == kNone; ++i) {
    Word word = row[i];
    if (i == end / 64) word &= end % 64 == 63 ? 0 : ~Word{0} << (end % 64 + 1);
    if (word != 0) after = static_cast<int>(i) * 64 + std::countr_zero(word);
  }
  const Word here = row[first / 64] >> (first % 64);
  std::array<int, kColumns> distance;
  for (int j = 0; j < kColumns; ++j) {
    if ((here >> j & 1) != 0) before = first + j;
    distance[static_cast<std::size_t>(j)] =
        before == kNone ? std::numeric_limits<int>::max() : first + j - before;
  }
  for (int j = kColumns - 1; j >= 0; --j) {
    if ((here >> j & 1) != 0) after = first + j;
    int& one = distance[static_cast<std::size_t>(j)];
    if (after != kNone) one = std::min(one, after - first - j);
    out[static_cast<std::size_t>(j)] = squares[static_cast<std::size_t>(one)];
  }
}

/// The same minimum at one position by looking at every site.
template <typename Height>
double least(const std::vector<int>& sites, Height height, int position,
             const std::vector<double>& squares) {
  double result = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const auto distance = static_cast<std::size_t>(std::abs(position - sites[i]));
    result = std::min(result, height(i) + squares[distance]);
  }
  return result;
}

}  // namespace

struct DistanceTransform::Work {
  explicit Work(const AxisSquares& squares) : y(squares.y), z(squares.z) {}

  std::vector<int> wanted_rows;          // y that have a wanted voxel in these columns
  std::vector<unsigned> wanted_columns;  // of each of these, in any slice
  std::vector<Row> in_row;               // of one slice, along x
  std::vector<Row> in_slice;             // [slice][wanted row], along x and y
  std::vector<Row> gathered;             // of one wanted row, by slice
  Envelope y;
  Envelope z;
};

DistanceTransform::DistanceTransform(const BitMask& targets, const AxisSquares& squares)
    : targets_(targets), squares_(squares) {
  for (int z = 0; z < targets.extent().z; ++z) {
    std::vector<int> rows;
    for (int y = 0; y < targets.extent().y; ++y) {
      const Word* const row = targets.row(y, z);
      if (std::any_of(row, row + targets.row_words(), [](Word word) { return word != 0; })) {
        rows.push_back(y);
      }
    }
    if (rows.empty()) continue;
    slices_.push_back(z);
    rows_.push_back(std::move(rows));
  }
}

void DistanceTransform::columns(int first, const BitMask& wanted, const Found& found) const {
  Work work(squares_);
  if (!collect(first, wanted, work)) return;
  work.in_slice.resize(slices_.size() * work.wanted_rows.size());
  for (int slice = 0; slice < static_cast<int>(slices_.size()); ++slice) {
    along_x(first, slice, work);
    along_y(slice, work);
  }
  for (int row = 0; row < static_cast<int>(work.wanted_rows.size()); ++row) {
    const auto at = static_cast<std::size_t>(row);
    const int y = work.wanted_rows[at];
    work.gathered.resize(slices_.size());
    for (std::size_t slice = 0; slice < slices_.size(); ++slice) {
      work.gathered[slice] = work.in_slice[slice * work.wanted_rows.size() + at];
    }
    for (int column = 0; column < kColumns; ++column) {
      if ((work.wanted_columns[at] >> column & 1) == 0) continue;
      along_z(wanted, first + column, column, y, work, found);
    }
  }
}

bool DistanceTransform::collect(int first, const BitMask& wanted, Work& work) const {
  for (int y = 0; y < wanted.extent().y; ++y) {
    Word any = 0;
    for (int z = 0; z < wanted.extent().z; ++z) any |= wanted.row(y, z)[first / 64];
    const auto columns = static_cast<unsigned>(any >> (first % 64) & ((Word{1} << kColumns) - 1));
    if (columns == 0) continue;
    work.wanted_rows.push_back(y);
    work.wanted_columns.push_back(columns);
  }
  return !work.wanted_rows.empty();
}

void DistanceTransform::along_x(int first, int slice, Work& work) const {
  const std::vector<int>& rows = rows_[static_cast<std::size_t>(slice)];
  const int z = slices_[static_cast<std::size_t>(slice)];
  work.in_row.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    nearest_in_row(targets_.row(rows[i], z), targets_.row_words(), first, squares_.x,
                   work.in_row[i]);
  }
}

void DistanceTransform::along_y(int slice, Work& work) const {
  const std::vector<int>& sites = rows_[static_cast<std::size_t>(slice)];
  Row* const out = work.in_slice.data() + static_cast<std::size_t>(slice) * work.wanted_rows.size();
  for (std::size_t column = 0; column < kColumns; ++column) {
    std::size_t count = 0;
    for (const unsigned columns : work.wanted_columns) count += columns >> column & 1;
    if (count == 0) continue;
    const auto height = [&](std::size_t i) { return work.in_row[i][column]; };
    if (count > kFew) work.y.build(sites, height);
    for (std::size_t row = 0; row < work.wanted_rows.size(); ++row) {
      if ((work.wanted_columns[row] >> column & 1) == 0) continue;
      out[row][column] = count > kFew ? work.y.at(work.wanted_rows[row])
                                      : least(sites, height, work.wanted_rows[row], squares_.y);
    }
  }
}

void DistanceTransform::along_z(const BitMask& wanted, int bit, int column, int y, Work& work,
                                const Found& found) const {
  const auto is_wanted = [&](int z) { return (wanted.row(y, z)[bit / 64] >> (bit % 64) & 1) != 0; };
  const auto height = [&](std::size_t i) {
    return work.gathered[i][static_cast<std::size_t>(column)];
  };
  std::size_t count = 0;
  for (int z = 0; z < wanted.extent().z; ++z) count += is_wanted(z) ? 1 : 0;
  if (count > kFew) work.z.build(slices_, height);
  for (int z = 0; z < wanted.extent().z; ++z) {
    if (!is_wanted(z)) continue;
    found(bit, y, z, count > kFew ? work.z.at(z) : least(slices_, height, z, squares_.z));
  }
}

}  // namespace medperf::metrics
