#include "cohort/keyed_table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace medperf::cohort {

Error bad_row(std::string_view file, std::size_t row, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, fmt::format("{}: row {}", file, row + 1), std::move(what),
                    std::move(advice));
}

Result<KeyedTable> read_keyed_table(std::string_view text, std::string_view file,
                                    std::string_view key) {
  auto parsed = parse_csv(text);
  if (!parsed) return std::move(parsed).error().at(file);
  KeyedTable keyed{std::move(parsed).value(), 0, {}};
  const auto id = keyed.table.column(key);
  if (!id) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", file),
                      fmt::format("there is no column {}", key),
                      "Give every row the id of what it is about.");
  }
  keyed.id = *id;
  for (std::size_t i = 0; i < keyed.table.rows.size(); ++i) {
    const std::string& name = keyed.table.rows[i][*id];
    if (name.empty())
      return bad_row(file, i, fmt::format("the {} is empty", key), "Give it an id.");
    if (!keyed.row_of.emplace(name, i).second) {
      return bad_row(file, i, fmt::format("it repeats the {} of an earlier row", key),
                     "Write each once.");
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

Result<std::int64_t> count_in(const KeyedTable& table, std::size_t row, std::size_t column,
                              std::string_view file) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const std::string& text = table.table.rows[row][column];
  const char* const end = text.data() + text.size();
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && value >= 0 && value <= kMost) return value;
  return bad_row(file, row, text.empty() ? "a count is missing" : "it holds what is no count",
                 "Write a whole number, at most 1000000000.");
}

}  // namespace medperf::cohort
