#pragma once
// The report.yaml that a preparation container writes while it works: a table by columns, each
// case id -> value. Written by code from outside: only counts by status number are taken from it.

#include <cstddef>

#include "base/files.h"
#include "base/json.h"

namespace medperf::site {

inline constexpr Bytes kReportLimit = mebibytes(16);

struct PreparationReport {
  std::size_t cases = 0;  ///< in any column
  std::size_t done = 0;   ///< whose status_name is DONE
  /// Share of the cases by status, as existing clients send it: {"Stage 3": "60.0%"}; empty without
  /// a status column.
  Json progress = Json::object();
};

/// The table itself, column -> {case id -> value}: foreign text, for people of this site. Errors:
/// not_found, too_large, corrupt (no table).
Result<Json> read_report_table(const fs::path& folder, const fs::path& name);

/// Reads a regular file below `folder`, following no links. A file that is empty, as it is before
/// the container writes, is a report of no cases. Errors: not_found, too_large, corrupt (no table,
/// a status that is no whole number from -1000 to 1000, more than 64 of them).
Result<PreparationReport> read_preparation_report(const fs::path& folder, const fs::path& name);

}  // namespace medperf::site
