#include "cohort/model_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "cohort/keyed_table.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

constexpr std::string_view kTable = "values";

/// The values of a row, one a model; nothing where the cell is empty.
Result<std::vector<std::optional<double>>> cells_of(const KeyedTable& table, std::size_t row,
                                                    const std::vector<std::size_t>& columns) {
  std::vector<std::optional<double>> cells;
  for (const std::size_t column : columns) {
    if (table.table.rows[row][column].empty()) {
      cells.emplace_back();
      continue;
    }
    MEDPERF_TRY(const double value, number_in(table, row, column, kTable));
    cells.emplace_back(value);
  }
  return cells;
}

/// Adds one case, or counts it as left out. Error: an empty cell that the rule refuses.
Result<bool> add_case(const std::vector<std::optional<double>>& cells, const MissingRule& rule,
                      std::size_t row, ModelValues& found) {
  bool whole = true;
  for (std::size_t m = 0; m < cells.size(); ++m) {
    if (cells[m]) continue;
    whole = false;
    ++found.missing[found.models[m]];
  }
  if (!whole && rule.kind == MissingRule::Kind::kRefuse) {
    return bad_row(kTable, row, "a model has no value for this case",
                   "Say what that means with --missing: a number such as the benchmark's penalty, "
                   "or leave-out.");
  }
  if (!whole && rule.kind == MissingRule::Kind::kLeaveOut) {
    ++found.left_out;
    return false;
  }
  for (std::size_t m = 0; m < cells.size(); ++m) {
    found.values[m].push_back(cells[m].value_or(rule.value));
  }
  return true;
}

}  // namespace

Result<MissingRule> parse_missing_rule(std::string_view text) {
  if (text == "refuse") return MissingRule{};
  if (text == "leave-out") return MissingRule{MissingRule::Kind::kLeaveOut, 0};
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value)) {
    return MissingRule{MissingRule::Kind::kReplace, value};
  }
  return make_error(ErrorKind::kInvalid, "--missing", "it is no rule for empty cells",
                    "Give refuse, leave-out or a number.");
}

Result<ModelValues> read_model_values(std::string_view text, const MissingRule& rule,
                                      std::size_t least) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, kTable));
  const auto patient = table.table.column("patient");
  const auto group = table.table.column("group");
  ModelValues found;
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.table.header.size(); ++i) {
    if (i == table.id || i == patient || i == group) continue;
    columns.push_back(i);
    found.models.push_back(table.table.header[i]);
  }
  if (columns.size() < least) {
    return make_error(
        ErrorKind::kInvalid, fmt::format("{}: header", kTable),
        fmt::format("it has {} columns of values, {} are needed", columns.size(), least),
        "Write case_id, patient and group if wanted, and a column for each model.");
  }
  found.values.resize(columns.size());
  std::vector<CaseUnit> units;
  for (std::size_t i = 0; i < table.table.rows.size(); ++i) {
    MEDPERF_TRY(CaseUnit unit, unit_in(table, i, kTable));
    MEDPERF_TRY(const auto cells, cells_of(table, i, columns));
    MEDPERF_TRY(const bool added, add_case(cells, rule, i, found));
    if (added) units.push_back(std::move(unit));
  }
  found.units = numbered(units);
  return found;
}

Status check_metric_id(std::string_view metric) {
  if (metric.empty() || metrics::find_metric(metric) != nullptr) return {};
  return make_error(ErrorKind::kInvalid, "--metric", "there is no metric of this id",
                    "Choose from those that `medperf-metrics list` shows.");
}

Json values_document(const ModelValues& values, std::string_view metric) {
  Json missing = Json::object();
  for (const auto& [model, cases] : values.missing) missing.set(model, cases);
  return Json::object({{"metric", metric.empty() ? Json() : Json(metric)},
                       {"missing", std::move(missing)},
                       {"n_left_out", values.left_out}});
}

}  // namespace medperf::cohort
