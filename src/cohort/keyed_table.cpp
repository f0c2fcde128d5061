#include "cohort/keyed_table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace medperf::cohort {

Error bad_row(std::string_view file, std::size_t row, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, fmt::format("{}: row {}", file, row + 1), std::move(what),
                    std::move(advice));
}

Result<KeyedTable> read_keyed_table(std::string_view text, std::string_view file) {
  auto parsed = parse_csv(text);
  if (!parsed) return std::move(parsed).error().at(file);
  KeyedTable keyed{std::move(parsed).value(), 0, {}};
  const auto id = keyed.table.column("case_id");
  if (!id) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", file),
                      "there is no column case_id", "Give every row the id of its case.");
  }
  keyed.id = *id;
  for (std::size_t i = 0; i < keyed.table.rows.size(); ++i) {
    const std::string& name = keyed.table.rows[i][*id];
    if (name.empty()) return bad_row(file, i, "the case_id is empty", "Give the case an id.");
    if (!keyed.row_of.emplace(name, i).second) {
      return bad_row(file, i, "it repeats the case_id of an earlier row", "Write each case once.");
    }
  }
  return keyed;
}

Result<double> number_in(const KeyedTable& table, std::size_t row, std::size_t column,
                         std::string_view file) {
  const std::string& text = table.table.rows[row][column];
  const char* const end = text.data() + text.size();
  double value = 0;
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value)) return value;
  return bad_row(file, row, text.empty() ? "a number is missing" : "it holds no finite number",
                 "Write a decimal number.");
}

}  // namespace medperf::cohort
