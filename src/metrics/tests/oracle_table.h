#pragma once
// Committed values of other programs: oracle/NAME.csv, beside the script that wrote it.

#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/csv.h"
#include "base/files.h"

namespace medperf::metrics {

inline CsvTable oracle_table(const std::string& name) {
  const auto text =
      read_file(std::string(MEDPERF_SOURCE_DIR) + "/src/metrics/tests/oracle/" + name + ".csv");
  if (!text.ok()) {
    ADD_FAILURE() << text.error().text();
    return {};
  }
  auto table = parse_csv(*text);
  if (!table.ok()) {
    ADD_FAILURE() << name << ": " << table.error().text();
    return {};
  }
  return std::move(*table);
}

inline double oracle_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    ADD_FAILURE() << "no number: " << text;
  }
  return value;
}

/// Fields of a row by the name of their column.
using OracleRow = std::map<std::string, std::string>;

inline std::vector<OracleRow> oracle_rows(const std::string& name) {
  const CsvTable table = oracle_table(name);
  std::vector<OracleRow> rows;
  for (const auto& fields : table.rows) {
    OracleRow row;
    for (std::size_t i = 0; i < fields.size(); ++i) row[table.header[i]] = fields[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace medperf::metrics
