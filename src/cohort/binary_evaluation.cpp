#include "cohort/binary_evaluation.h"

#include <string>

#include "cohort/binary_tables.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate_json.h"
#include "metrics/statistics/proportion.h"

namespace medperf::cohort {
namespace {

Json document_of(const metrics::Estimate& estimate, bool with_se) {
  Json result = Json::object();
  metrics::set_members(result, estimate, with_se);
  return result;
}

Status check_probabilities(const std::vector<metrics::ScoredCase>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!(cases[i].score >= 0 && cases[i].score <= 1)) {
      return make_error(ErrorKind::kInvalid, "case " + std::to_string(i + 1),
                        "its score is not a probability",
                        "The benchmark asks for probabilities in [0, 1], because it fixes the "
                        "threshold.");
    }
  }
  return {};
}

}  // namespace

Result<Json> evaluate_binary(const std::vector<metrics::ScoredCase>& cases,
                             const BinaryOptions& options) {
  if (options.probabilities) MEDPERF_CHECK(check_probabilities(cases));
  MEDPERF_TRY(const metrics::Auc area, metrics::auc(cases, options.level));
  MEDPERF_TRY(const metrics::Confusion table, metrics::confusion_at(cases, options.threshold));
  return Json::object({
      {"n", cases.size()},
      {"n_positive", area.n_positive},
      {"n_negative", area.n_negative},
      {"threshold", options.threshold},
      {"auc", document_of(area.estimate, true)},
      {"sensitivity", document_of(metrics::sensitivity(table, options.level), false)},
      {"specificity", document_of(metrics::specificity(table, options.level), false)},
      {"accuracy", document_of(metrics::accuracy(table, options.level), false)},
      {"counts",
       Json::object({{"tp", table.tp}, {"fp", table.fp}, {"tn", table.tn}, {"fn", table.fn}})},
      {"conventions", Json::object({{"auc", metrics::kAucConvention},
                                    {"proportions", metrics::kWilsonConvention}})},
  });
}

Result<Json> evaluate_binary_tables(std::string_view predictions, std::string_view labels,
                                    const BinaryOptions& options) {
  MEDPERF_TRY(const auto reference, read_labels(labels));
  MEDPERF_TRY(const auto scores, read_predictions(predictions));
  MEDPERF_TRY(const auto cases, pair_cases(reference, scores));
  return evaluate_binary(cases, options);
}

}  // namespace medperf::cohort
