#include "metrics/segmentation/assignment.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

namespace medperf::metrics {
namespace {

/// Costs of a rectangular problem with rows <= columns.
struct Costs {
  std::size_t rows;
  std::size_t columns;
  std::vector<double> values;
  double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

/// Shortest augmenting paths from one row after the other, with prices that keep all reduced costs
/// at 0 or above.
class Assignment {
 public:
  explicit Assignment(const Costs& costs)
      : costs_(costs),
        row_price_(costs.rows),
        column_price_(costs.columns),
        row_of_(costs.columns, kNobody) {
    for (std::size_t row = 0; row < costs.rows; ++row) augment(row);
  }

  /// The row of each column, or kNobody.
  const std::vector<std::size_t>& rows() const { return row_of_; }

 private:
  void augment(std::size_t start) {
    std::vector<double> distance(costs_.columns, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> before(costs_.columns, kNobody);  // column before on the path
    std::vector<bool> done(costs_.columns);
    std::size_t row = start;
    std::size_t column = kNobody;
    double length = 0;
    while (row != kNobody) {
      std::size_t next = kNobody;
      for (std::size_t j = 0; j < costs_.columns; ++j) {
        if (done[j]) continue;
        const double through = length + costs_.at(row, j) - row_price_[row] - column_price_[j];
        if (through < distance[j]) {
          distance[j] = through;
          before[j] = column;
        }
        if (next == kNobody || distance[j] < distance[next]) next = j;
      }
      column = next;
      length = distance[column];
      done[column] = true;
      row = row_of_[column];
    }
    // Prices move by what the path was shorter than its end.
    row_price_[start] += length;
    for (std::size_t j = 0; j < costs_.columns; ++j) {
      if (!done[j] || j == column) continue;
      row_price_[row_of_[j]] += length - distance[j];
      column_price_[j] -= length - distance[j];
    }
    for (; before[column] != kNobody; column = before[column]) {
      row_of_[column] = row_of_[before[column]];
    }
    row_of_[column] = start;
  }

  const Costs& costs_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<std::size_t> row_of_;
};

/// The same for one connected group.
std::vector<WeightedPair> of_group(const std::vector<WeightedPair>& pairs) {
  if (pairs.size() == 1) return pairs;
  std::map<std::int32_t, std::size_t> left;
  std::map<std::int32_t, std::size_t> right;
  for (const WeightedPair& pair : pairs) {
    left.emplace(pair.left, left.size());
    right.emplace(pair.right, right.size());
  }
  const bool turned = left.size() > right.size();
  Costs costs{std::min(left.size(), right.size()), std::max(left.size(), right.size()), {}};
  costs.values.resize(costs.rows * costs.columns);
  const auto place = [&](const WeightedPair& pair) {
    const std::size_t l = left[pair.left];
    const std::size_t r = right[pair.right];
    return turned ? std::pair(r, l) : std::pair(l, r);
  };
  for (const WeightedPair& pair : pairs) {
    const auto [row, column] = place(pair);
    costs.values[row * costs.columns + column] = -pair.weight;
  }
  const Assignment assignment(costs);
  std::vector<WeightedPair> chosen;
  for (const WeightedPair& pair : pairs) {
    const auto [row, column] = place(pair);
    if (assignment.rows()[column] == row) chosen.push_back(pair);
  }
  return chosen;
}

}  // namespace

std::vector<WeightedPair> largest_assignment(const std::vector<WeightedPair>& pairs) {
  // Groups of pairs that share elements, by union-find over the pairs.
  std::vector<std::size_t> parent(pairs.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&parent](std::size_t at) {
    while (parent[at] != at) at = parent[at] = parent[parent[at]];
    return at;
  };
  std::map<std::int32_t, std::size_t> first_left;
  std::map<std::int32_t, std::size_t> first_right;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    parent[root(i)] = root(first_left.emplace(pairs[i].left, i).first->second);
    parent[root(i)] = root(first_right.emplace(pairs[i].right, i).first->second);
  }
  std::map<std::size_t, std::vector<WeightedPair>> groups;
  for (std::size_t i = 0; i < pairs.size(); ++i) groups[root(i)].push_back(pairs[i]);
  std::vector<WeightedPair> chosen;
  for (const auto& [_, group] : groups) {
    const auto part = of_group(group);
    chosen.insert(chosen.end(), part.begin(), part.end());
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const WeightedPair& a, const WeightedPair& b) { return a.left < b.left; });
  return chosen;
}

}  // namespace medperf::metrics
