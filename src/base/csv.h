#pragma once
// Comma-separated tables (RFC 4180), read strictly and with limits.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf {

struct CsvLimits {
  std::size_t bytes = 64u << 20;
  std::size_t rows = 1'000'000;  ///< below the header
  std::size_t columns = 64;
  std::size_t field = 1024;  ///< bytes of one field
};

/// A table with a header; every row has as many fields as the header.
struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  /// Position of a column, or nothing.
  std::optional<std::size_t> column(std::string_view name) const;
};

/// Parses UTF-8 text; lines end in LF or CRLF, the last may lack its end, fields may be quoted.
/// Refused: no header, empty or repeated column names, rows of another length, empty lines, stray
/// quotes, control characters. Errors: invalid or too_large; they name the row (1 is the first
/// below the header) and never repeat a field, since tables may hold patient data.
Result<CsvTable> parse_csv(std::string_view text, const CsvLimits& limits = {});

}  // namespace medperf
