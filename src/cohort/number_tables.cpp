#include "cohort/number_tables.h"

#include <fmt/format.h>

namespace medperf::cohort {
namespace {

constexpr std::string_view kOneTable = "table";
constexpr std::string_view kPredictions = "predictions.csv";
constexpr std::string_view kLabels = "labels.csv";

/// A table of exactly `case_id` and one column of numbers.
struct Numbers {
  KeyedTable table;
  std::size_t column = 0;
};

Result<Numbers> read_numbers(std::string_view text, std::string_view file, std::string_view name) {
  Numbers numbers;
  MEDPERF_TRY(numbers.table, read_keyed_table(text, file));
  const auto column = numbers.table.table.column(name);
  if (!column || numbers.table.table.header.size() != 2) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", file),
                      fmt::format("the columns are not case_id and {}", name),
                      fmt::format("Write the header as case_id,{}. Patients and groups belong into "
                                  "{} beside labels.csv.",
                                  name, kUnitFile));
  }
  numbers.column = *column;
  return numbers;
}

}  // namespace

Result<NumberCohort> read_number_table(std::string_view text) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, kOneTable));
  const auto prediction = table.table.column("prediction");
  const auto reference = table.table.column("reference");
  if (!prediction || !reference || table.table.header.size() != 3 + unit_columns(table.table)) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", kOneTable),
                      "these are not the columns of a table of numbers",
                      "Write case_id,prediction,reference and, if wanted, patient and group.");
  }
  NumberCohort cohort;
  std::vector<CaseUnit> units;
  for (std::size_t i = 0; i < table.table.rows.size(); ++i) {
    MEDPERF_TRY(const double predicted, number_in(table, i, *prediction, kOneTable));
    MEDPERF_TRY(const double referenced, number_in(table, i, *reference, kOneTable));
    cohort.cases.push_back({referenced, predicted});
    cohort.ids.push_back(table.table.rows[i][table.id]);
    MEDPERF_TRY(CaseUnit unit, unit_in(table, i, kOneTable));
    units.push_back(std::move(unit));
  }
  cohort.units = numbered(units);
  return cohort;
}

Result<NumberCohort> join_numbers(std::string_view predictions, std::string_view labels,
                                  const UnitTable& patients) {
  MEDPERF_TRY(const Numbers predicted, read_numbers(predictions, kPredictions, "prediction"));
  MEDPERF_TRY(const Numbers referenced, read_numbers(labels, kLabels, "reference"));
  NumberCohort cohort;
  for (std::size_t i = 0; i < referenced.table.table.rows.size(); ++i) {
    const std::string& id = referenced.table.table.rows[i][referenced.table.id];
    const auto row = predicted.table.row_of.find(id);
    if (row == predicted.table.row_of.end()) {
      return bad_row(kLabels, i, "its case has no prediction",
                     "The model must write one prediction for every case it was given.");
    }
    MEDPERF_TRY(const double guess,
                number_in(predicted.table, row->second, predicted.column, kPredictions));
    MEDPERF_TRY(const double truth, number_in(referenced.table, i, referenced.column, kLabels));
    cohort.cases.push_back({truth, guess});
    cohort.ids.push_back(id);
  }
  if (predicted.table.row_of.size() > cohort.ids.size()) {
    return make_error(ErrorKind::kInvalid, std::string(kPredictions),
                      "it has cases that labels.csv does not have",
                      "The model must not make up cases.");
  }
  MEDPERF_TRY(cohort.units, units_of(patients, cohort.ids, kLabels));
  return cohort;
}

}  // namespace medperf::cohort
