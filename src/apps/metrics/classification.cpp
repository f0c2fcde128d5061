// Classification and regression: a table or two in, figures out.

#include "cohort/figures.h"

#include <fmt/format.h>

#include <thread>

#include "apps/metrics/answer.h"
#include "base/exit_codes.h"
#include "base/files.h"
#include "base/text_table.h"
#include "cohort/classification.h"
#include "cohort/regression.h"

namespace medperf::metrics_app {
namespace {

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string text_of(const cohort::FigureSet& set) {
  std::vector<std::vector<std::string>> rows;
  for (const cohort::Figure& one : set.figures) {
    const auto& interval = one.estimate.interval;
    rows.push_back({one.metric, one.of, number(one.estimate.value),
                    interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-",
                    one.estimate.flag.empty() ? "-" : std::string(one.estimate.flag)});
  }
  return table_text({"METRIC", "OF", "VALUE", "INTERVAL", "REMARK"}, rows) +
         fmt::format("\n{} cases of {} patients.\n", set.cases, set.patients);
}

metrics::BootstrapOptions bootstrap_of(const Request& request) {
  metrics::BootstrapOptions options;
  options.seed = request.seed;
  options.replicates = request.replicates;
  options.level = request.level;
  options.threads = request.threads > 0
                        ? request.threads
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options;
}

Result<int> answer(const Request& request, const cohort::FigureSet& set, Json options) {
  constexpr std::string_view kProgram = "medperf-metrics " MEDPERF_VERSION;
  options.set("bootstrap", request.replicates);
  options.set("seed", static_cast<std::int64_t>(request.seed));
  options.set("level", request.level);
  const std::string json = to_pretty_text(cohort::figures_document(set, kProgram, options)) + "\n";
  const std::string csv = cohort::figures_csv(set);
  MEDPERF_CHECK(save(request.json_file, json));
  MEDPERF_CHECK(save(request.csv_file, csv));
  MEDPERF_CHECK(save(request.html_file, cohort::figures_report(set, kProgram, options)));
  MEDPERF_CHECK(print(request.json ? json : request.csv ? csv : text_of(set)));
  return kExitOk;
}

}  // namespace

Result<int> answer_classification(const Request& request) {
  MEDPERF_TRY(const std::string predictions, read_file(request.inputs[0]));
  MEDPERF_TRY(const std::string labels, read_file(request.inputs[1]));
  std::string patients;
  if (!request.patients.empty()) {
    MEDPERF_TRY(patients, read_file(request.patients));
  }
  MEDPERF_TRY(const auto set,
              cohort::evaluate_classification(predictions, labels, patients,
                                              {request.threshold, bootstrap_of(request)}));
  return answer(request, set, Json::object({{"threshold", request.threshold}}));
}

Result<int> answer_regression(const Request& request) {
  MEDPERF_TRY(const std::string table, read_file(request.inputs[0]));
  MEDPERF_TRY(const auto set, cohort::evaluate_regression(table, bootstrap_of(request)));
  return answer(request, set, Json::object());
}

}  // namespace medperf::metrics_app
