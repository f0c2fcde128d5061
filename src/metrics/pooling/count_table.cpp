#include "metrics/pooling/count_table.h"

#include "metrics/pooling/merge.h"

namespace medperf::metrics {
namespace {

constexpr std::size_t kMaxCells = std::size_t{1} << 20;

}  // namespace

Result<CountTable> CountTable::empty(std::string_view rule, std::size_t rows, std::size_t columns) {
  if (rows == 0 || columns == 0) {
    return make_error(ErrorKind::kInvalid, "table", "it has no row or no column",
                      "Give the number of rows and columns.");
  }
  if (rows > kMaxCells || columns > kMaxCells / rows) {
    return make_error(ErrorKind::kTooLarge, "table", "it has more than 2^20 cells",
                      "Merge classes before counting.");
  }
  CountTable table;
  table.rule_ = rule;
  table.rows_ = rows;
  table.columns_ = columns;
  table.counts_.assign(rows * columns, 0);
  return table;
}

Status CountTable::add(std::size_t row, std::size_t column, std::int64_t count) {
  if (row >= rows_ || column >= columns_) {
    return make_error(ErrorKind::kInvalid, "table", "the cell lies outside the table",
                      "Rows and columns count from 0.");
  }
  std::int64_t& cell = counts_[row * columns_ + column];
  MEDPERF_TRY(cell, added(cell, count));
  return {};
}

Status CountTable::merge(const CountTable& other) {
  MEDPERF_CHECK(check_same_rules(rule_, other.rule_));
  if (rows_ != other.rows_ || columns_ != other.columns_) {
    return make_error(ErrorKind::kConflict, "table", "the sites' tables have different shapes",
                      "Ask every site for a table of the classes that the benchmark names.");
  }
  std::vector<std::int64_t> sums(counts_.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    MEDPERF_TRY(sums[i], added(counts_[i], other.counts_[i]));
  }
  counts_ = std::move(sums);
  return {};
}

Status merge(Confusion& into, const Confusion& other) {
  Confusion sum;
  MEDPERF_TRY(sum.tp, added(into.tp, other.tp));
  MEDPERF_TRY(sum.fp, added(into.fp, other.fp));
  MEDPERF_TRY(sum.tn, added(into.tn, other.tn));
  MEDPERF_TRY(sum.fn, added(into.fn, other.fn));
  into = sum;
  return {};
}

}  // namespace medperf::metrics
