#pragma once
// Counts in a table: confusion matrices, numbers of lesions found, of cases left out by reason.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"

namespace medperf::metrics {

/// A table of counts with its rule: what rows and columns are, in which order, with a version, for
/// example "confusion/1 normal,pneumonia". Merging is plain addition of whole numbers.
class CountTable {
 public:
  /// All zero: the identity of merge. Errors: invalid for no row or column; too_large above 2^20
  /// cells.
  static Result<CountTable> empty(std::string_view rule, std::size_t rows, std::size_t columns);

  /// Error: invalid for a cell outside, too_large for an overflow.
  Status add(std::size_t row, std::size_t column, std::int64_t count = 1);
  /// Errors: conflict for another rule or shape; invalid, too_large for counts; then unchanged.
  Status merge(const CountTable& other);

  const std::string& rule() const { return rule_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  /// Precondition: inside the table.
  std::int64_t at(std::size_t row, std::size_t column) const {
    return counts_[row * columns_ + column];
  }

  bool operator==(const CountTable&) const = default;

 private:
  std::string rule_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<std::int64_t> counts_;
};

/// Adds a site's 2x2 table. Errors: invalid for a negative count, too_large for an overflow; then
/// unchanged.
Status merge(Confusion& into, const Confusion& other);

}  // namespace medperf::metrics
