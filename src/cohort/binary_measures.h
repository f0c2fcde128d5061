#pragma once
// The figures of two classes, as functions of the cases. Measures hold pointers to the sample and
// the units, which must outlive them.

#include <string>
#include <vector>

#include "base/json.h"
#include "cohort/formula_intervals.h"
#include "cohort/measures.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"

namespace medperf::cohort {

/// Scored cases, and resamples of them.
class ScoredSample {
 public:
  explicit ScoredSample(std::vector<metrics::ScoredCase> cases);
  const std::vector<metrics::ScoredCase>& cases() const { return cases_; }
  std::vector<metrics::ScoredCase> at(Rows rows) const;
  /// The same cases in descending order of score: what sorts them again is done sooner.
  std::vector<metrics::ScoredCase> descending(Rows rows) const;

 private:
  std::vector<metrics::ScoredCase> cases_;
  std::vector<std::uint32_t> order_;  ///< positions, scores descending
  std::vector<std::uint32_t> rank_;   ///< of a position: where it stands in `order_`
};

/// The AUROC with the stratified bootstrap's interval; convention `auroc-mann-whitney`.
Measure drawn_auroc(const ScoredSample& sample, const Units& units,
                    const metrics::BootstrapOptions& options, std::string of);
/// The AUROC with the interval of a formula.
Measure formula_auroc(const ScoredSample& sample, const FormulaIntervals& intervals,
                      std::string of);
Measure average_precision_of(const ScoredSample& sample);
Measure trapezoid_of(const ScoredSample& sample);

/// Sensitivity, specificity, precision, NPV, accuracy, balanced accuracy, F1 and MCC of calling
/// positive what scores at least `threshold`.
std::vector<Measure> decision_measures(const ScoredSample& sample, double threshold,
                                       const FormulaIntervals& intervals, const std::string& of);
/// The Youden index and the likelihood ratios of the same decision.
std::vector<Measure> further_decisions(const ScoredSample& sample, double threshold, double level);
/// ECE in bins of equal mass, and the maximum calibration error. Precondition as below.
std::vector<Measure> further_calibration(const ScoredSample& sample);
/// Brier score, log loss, ECE, calibration slope and calibration-in-the-large; the net benefit at
/// the threshold, where it is a probability below 1 and above 0. Precondition: all scores in
/// [0, 1].
std::vector<Measure> probability_measures(const ScoredSample& sample, double threshold,
                                          double level);

/// {"tp","fp","tn","fn"}.
Json counts_document(const metrics::Confusion& table);

}  // namespace medperf::cohort
