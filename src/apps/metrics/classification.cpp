// Classification and regression: a table or two in, figures out.

#include "cohort/classification.h"

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/regression.h"
#include "cohort/site_summary.h"

namespace medperf::metrics_app {
namespace {

cohort::ClassificationOptions options_of(const Request& request) {
  cohort::ClassificationOptions options;
  options.threshold = request.threshold;
  options.bootstrap = bootstrap_of(request);
  options.further = true;
  options.top_k = request.top_k;
  options.minimum_patients = request.minimum_patients;
  if (request.proportions == "clopper-pearson") {
    options.proportions = metrics::ProportionInterval::kClopperPearson;
  }
  if (request.areas == "logit") options.areas = metrics::AreaInterval::kLogit;
  return options;
}

}  // namespace

Result<int> answer_classification(const Request& request) {
  MEDPERF_TRY(const std::string predictions, read_file(request.inputs[0]));
  MEDPERF_TRY(const std::string labels, read_file(request.inputs[1]));
  std::optional<std::string> patients;
  if (!request.patients.empty()) {
    MEDPERF_TRY(patients, read_file(request.patients));
  }
  const cohort::ClassificationOptions chosen = options_of(request);
  MEDPERF_TRY(const auto set,
              cohort::evaluate_classification(predictions, labels, patients, chosen));
  if (!request.summary_file.empty()) {
    MEDPERF_TRY(const auto summary,
                cohort::summarise_classification(predictions, labels, patients, chosen));
    MEDPERF_CHECK(save_summary(request, summary));
  }
  Json options = statistics_of(request);
  options.set("threshold", request.threshold);
  options.set("proportion_interval", request.proportions);
  options.set("auroc_interval", request.areas);
  if (set.more.contains("classes")) options.set("top_k", request.top_k);
  return answer_figures(request, set, options);
}

Result<int> answer_regression(const Request& request) {
  MEDPERF_TRY(const std::string table, read_file(request.inputs[0]));
  MEDPERF_TRY(const auto cohort, cohort::read_number_table(table));
  MEDPERF_TRY(const auto set,
              cohort::evaluate_regression(cohort, bootstrap_of(request), request.minimum_patients));
  if (!request.summary_file.empty()) {
    MEDPERF_TRY(const auto summary, cohort::summarise_regression(cohort));
    MEDPERF_CHECK(save_summary(request, summary));
  }
  return answer_figures(request, set, statistics_of(request));
}

}  // namespace medperf::metrics_app
