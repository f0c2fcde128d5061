#include "cohort/case_values.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <vector>

#include "base/csv.h"
#include "cohort/cohort_document.h"
#include "cohort/keyed_table.h"

namespace medperf::cohort {
namespace {

/// A case of one model.
struct CaseRow {
  std::string patient;
  std::string group;
  std::optional<std::string> value;  ///< as written; empty where undefined
};

/// The cases of one model in the order of its table.
struct CaseRows {
  std::vector<std::string> order;
  std::map<std::string, CaseRow, std::less<>> of_case;
};

struct Columns {
  std::size_t id, patient, group, region, metric, tau, value, flag, part;
};

Result<Columns> columns_of(const CsvTable& table) {
  Columns found{};
  using Where = std::pair<const char*, std::size_t Columns::*>;
  for (const auto& [name, where] :
       {Where{"case_id", &Columns::id}, Where{"patient", &Columns::patient},
        Where{"group", &Columns::group}, Where{"region", &Columns::region},
        Where{"metric", &Columns::metric}, Where{"tau_mm", &Columns::tau},
        Where{"value", &Columns::value}, Where{"flag", &Columns::flag},
        Where{"part", &Columns::part}}) {
    const auto column = table.column(name);
    if (!column) {
      return make_error(ErrorKind::kInvalid, "header", fmt::format("there is no column {}", name),
                        "Give what `medperf-metrics segmentation --csv-file` wrote, or one table "
                        "with a column for each model.");
    }
    found.*where = *column;
  }
  return found;
}

bool same_number(const std::string& text, double wanted) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end && value == wanted;
}

bool is_wanted(const std::vector<std::string>& row, const Columns& at, const CaseFigure& figure) {
  return row[at.metric] == figure.metric &&
         (figure.region.empty() || row[at.region] == figure.region) &&
         (!figure.tau_mm || same_number(row[at.tau], *figure.tau_mm)) &&
         (figure.part.empty() || row[at.part] == figure.part);
}

Result<CaseRows> cases_of(const ModelTable& model, const CaseFigure& figure) {
  auto table = parse_csv(model.text);
  if (!table) return std::move(table).error().at(model.model);
  auto columns = columns_of(*table);
  if (!columns) return std::move(columns).error().at(model.model);
  const Columns& at = *columns;
  CaseRows cases;
  bool found = false;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const auto& row = table->rows[i];
    const auto [here, is_new] =
        cases.of_case.try_emplace(row[at.id], CaseRow{row[at.patient], row[at.group], {}});
    if (is_new) cases.order.push_back(row[at.id]);
    if (!is_wanted(row, at, figure)) continue;
    found = true;
    if (here->second.value) {
      return bad_row(model.model, i, "the figure is not the only one of its case",
                     "Say which with --region, --tau or --part.");
    }
    here->second.value = row[at.value];
  }
  if (found) return cases;
  return make_error(ErrorKind::kInvalid, model.model, "no case has this figure",
                    "Look at its columns metric, region, tau_mm and part.");
}

Error other_cases(std::string_view model) {
  return make_error(ErrorKind::kInvalid, std::string(model),
                    "its cases or their patients are not those of the first model",
                    "Measure all models on the same table of cases.");
}

}  // namespace

Result<std::string> values_of_case_tables(std::span<const ModelTable> models,
                                          const CaseFigure& figure) {
  std::vector<CaseRows> cases;
  std::string text = "case_id,patient,group";
  for (const ModelTable& one : models) {
    MEDPERF_TRY(CaseRows of_model, cases_of(one, figure));
    cases.push_back(std::move(of_model));
    text += "," + csv_field(one.model);
    if (cases.back().order.size() != cases.front().order.size()) return other_cases(one.model);
  }
  text += "\n";
  for (const std::string& id : cases.front().order) {
    const CaseRow& first = cases.front().of_case.find(id)->second;
    text +=
        fmt::format("{},{},{}", csv_field(id), csv_field(first.patient), csv_field(first.group));
    for (std::size_t m = 0; m < models.size(); ++m) {
      const auto row = cases[m].of_case.find(id);
      if (row == cases[m].of_case.end() || row->second.patient != first.patient) {
        return other_cases(models[m].model);
      }
      text += "," + csv_field(row->second.value.value_or(""));
    }
    text += "\n";
  }
  return text;
}

}  // namespace medperf::cohort
