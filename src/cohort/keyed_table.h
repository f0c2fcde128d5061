#pragma once
// Tables whose rows are cases, or sites.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "base/result.h"

namespace medperf::cohort {

/// Rows by their id (the column `key`), which is present, filled and unique. Errors: invalid,
/// too_large; they name `file` and rows, never ids.
struct KeyedTable {
  CsvTable table;
  std::size_t id = 0;  ///< column of the ids
  std::map<std::string, std::size_t, std::less<>> row_of;
};
Result<KeyedTable> read_keyed_table(std::string_view text, std::string_view file,
                                    std::string_view key = "case_id");

/// A finite decimal number. Error: invalid, naming file and row.
Result<double> number_in(const KeyedTable& table, std::size_t row, std::size_t column,
                         std::string_view file);
/// A whole number in 0..10^9. Error: as number_in().
Result<std::int64_t> count_in(const KeyedTable& table, std::size_t row, std::size_t column,
                              std::string_view file);
Error bad_row(std::string_view file, std::size_t row, std::string what, std::string advice);

}  // namespace medperf::cohort
