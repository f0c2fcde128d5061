#include "cohort/binary_evaluation.h"

#include <fmt/format.h>

#include <string>

#include "cohort/binary_measures.h"
#include "metrics/estimate_json.h"

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

Error no_groups() {
  return make_error(ErrorKind::kInvalid, fmt::format("{}: header", kUnitFile),
                    "there is a column of groups, for which this kind of evaluation has no figures",
                    "Take the column away, or let the benchmark ask for classification.");
}

}  // namespace

Result<Json> evaluate_binary(const ScoredCohort& cohort, const BinaryOptions& options) {
  if (options.probabilities) MEDPERF_CHECK(check_probabilities(cohort.cases));
  if (!cohort.units.groups.empty()) return no_groups();
  metrics::FigureOptions figures;
  figures.threshold = options.threshold;
  figures.intervals.level = options.bootstrap.level;
  const ScoredSample sample(cohort.cases);
  MEDPERF_TRY(const metrics::Confusion table,
              metrics::confusion_at(cohort.cases, options.threshold));
  MEDPERF_TRY(const Figure area,
              figure_of_all(auroc_measure(sample, cohort.units, figures, options.bootstrap),
                            cohort.units, options.bootstrap));
  Json document = Json::object({{"n", cohort.cases.size()},
                                {"n_positive", table.tp + table.fn},
                                {"n_negative", table.fp + table.tn},
                                {"threshold", options.threshold},
                                {"auc", document_of(area.estimate, true)}});
  std::string proportions;
  for (const char* const id : {"sensitivity", "specificity", "accuracy"}) {
    const Measure one = scored_measure(sample, {id, IntervalFrom::kFormula}, figures);
    MEDPERF_TRY(const Figure figure, figure_of_all(one, cohort.units, options.bootstrap));
    document.set(figure.metric, document_of(figure.estimate, false));
    proportions = convention_of(figure);
  }
  document.set("counts", counts_document(table));
  document.set("conventions",
               Json::object({{"auc", convention_of(area)}, {"proportions", proportions}}));
  return document;
}

Result<Json> evaluate_binary_tables(std::string_view predictions, std::string_view labels,
                                    const UnitTable& patients, const BinaryOptions& options) {
  MEDPERF_TRY(const ScoredCohort cohort, read_scored_cohort(predictions, labels, patients));
  return evaluate_binary(cohort, options);
}

}  // namespace medperf::cohort
