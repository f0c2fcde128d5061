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

std::string worst_groups_of(const cohort::FigureSet& set) {
  const Json* const list = set.more.find("worst_groups");
  if (list == nullptr || list->items().empty()) return {};
  std::string text = "\nWorst group, and how far behind the best:\n";
  for (const Json& one : list->items()) {
    const Json* const figure = one.find("metric") ? one.find("metric") : one.find("column");
    const Json* const of = one.find("of");
    const Json* const gap = one.find("gap");
    text +=
        fmt::format("  {}{}: {} ({})\n", figure->as_string(),
                    of && of->is_string() ? ", " + of->as_string() : "", one.get_string("group"),
                    gap->is_null() ? "the only one" : fmt::format("{:.4g}", gap->as_double()));
  }
  return text;
}

std::string text_of(const cohort::FigureSet& set) {
  std::vector<std::vector<std::string>> rows;
  const bool tests = cohort::has_tests(set);
  for (const cohort::Figure& one : set.figures) {
    const auto& interval = one.estimate.interval;
    std::string value = number(one.estimate.value);
    if (one.bound && *one.bound > 0) value += fmt::format(" (within {:.2g})", *one.bound);
    const std::string remark = cohort::remark_of(one);
    rows.push_back({one.metric, one.of, value,
                    interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-",
                    remark.empty() ? "-" : remark});
    if (!tests) continue;
    rows.back().push_back(one.test ? number(one.test->p_value) : "-");
    rows.back().emplace_back(one.estimate.convention);
  }
  std::vector<std::string> heads = {"METRIC", "OF", "VALUE", "INTERVAL", "REMARK"};
  if (tests) heads.insert(heads.end(), {"P", "CONVENTION"});
  return table_text(heads, rows) +
         fmt::format("\n{} cases of {} patients.\n", set.cases, set.patients) +
         worst_groups_of(set);
}

}  // namespace

Result<int> answer_figures(const Request& request, const cohort::FigureSet& set,
                           const Json& options) {
  // Each form only when it is asked for: of a large cohort it is work and memory.
  if (request.json || !request.json_file.empty()) {
    const std::string json =
        to_pretty_text(cohort::figures_document(set, kProgram, options)) + "\n";
    MEDPERF_CHECK(save(request.json_file, json));
    if (request.json) MEDPERF_CHECK(print(json));
  }
  if (request.csv || !request.csv_file.empty()) {
    const std::string csv = cohort::figures_csv(set);
    MEDPERF_CHECK(save(request.csv_file, csv));
    if (request.csv) MEDPERF_CHECK(print(csv));
  }
  if (!request.html_file.empty()) {
    MEDPERF_CHECK(save(request.html_file, cohort::figures_report(set, kProgram, options)));
  }
  if (!request.json && !request.csv) MEDPERF_CHECK(print(text_of(set)));
  return kExitOk;
}

}  // namespace medperf::metrics_app
