// Figures of a whole cohort as text, JSON, CSV and a report.

#include "cohort/figures.h"

#include <fmt/format.h>

#include "apps/metrics/answer.h"
#include "base/exit_codes.h"
#include "base/text_table.h"

namespace medperf::metrics_app {
namespace {

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string text_of(const cohort::FigureSet& set) {
  std::vector<std::vector<std::string>> rows;
  for (const cohort::Figure& one : set.figures) {
    const auto& interval = one.estimate.interval;
    std::string value = number(one.estimate.value);
    if (one.bound && *one.bound > 0) value += fmt::format(" (within {:.2g})", *one.bound);
    rows.push_back({one.metric, one.of, value,
                    interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-",
                    one.estimate.flag.empty() ? "-" : std::string(one.estimate.flag)});
  }
  return table_text({"METRIC", "OF", "VALUE", "INTERVAL", "REMARK"}, rows) +
         fmt::format("\n{} cases of {} patients.\n", set.cases, set.patients);
}

}  // namespace

Result<int> answer_figures(const Request& request, const cohort::FigureSet& set,
                           const Json& options) {
  const std::string json = to_pretty_text(cohort::figures_document(set, kProgram, options)) + "\n";
  const std::string csv = cohort::figures_csv(set);
  MEDPERF_CHECK(save(request.json_file, json));
  MEDPERF_CHECK(save(request.csv_file, csv));
  MEDPERF_CHECK(save(request.html_file, cohort::figures_report(set, kProgram, options)));
  MEDPERF_CHECK(print(request.json ? json : request.csv ? csv : text_of(set)));
  return kExitOk;
}

}  // namespace medperf::metrics_app
