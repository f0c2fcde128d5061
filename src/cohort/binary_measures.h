#pragma once
// The figures of two classes, as functions of the cases. Measures hold pointers to the sample and
// the units, which must outlive them.

#include <string>
#include <vector>

#include "base/json.h"
#include "cohort/measures.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/figures.h"

namespace medperf::cohort {

/// Scored cases, and resamples of them.
class ScoredSample {
 public:
  explicit ScoredSample(std::vector<metrics::ScoredCase> cases);
  std::vector<metrics::ScoredCase> at(Rows rows) const;
  /// The same cases in descending order of score: what sorts them again is done sooner.
  std::vector<metrics::ScoredCase> descending(Rows rows) const;

 private:
  std::vector<metrics::ScoredCase> cases_;
  std::vector<std::uint32_t> order_;  ///< positions, scores descending
  std::vector<std::uint32_t> rank_;   ///< of a position: where it stands in `order_`
};

/// A figure of these cases by its id. Precondition: it is one of metrics::scored_figures().
Measure scored_measure(const ScoredSample& sample, Shown shown,
                       const metrics::FigureOptions& options, std::string of = "");
/// The AUROC with the stratified bootstrap's interval; convention `auroc-mann-whitney`.
Measure drawn_auroc(const ScoredSample& sample, const Units& units,
                    const metrics::BootstrapOptions& options, std::string of);
/// The AUROC with the interval of a formula; where patients repeat, that of drawing them.
Measure auroc_measure(const ScoredSample& sample, const Units& units,
                      const metrics::FigureOptions& figures,
                      const metrics::BootstrapOptions& bootstrap, std::string of = "");
/// The net benefit of calling everybody positive.
Measure treat_all_measure(const ScoredSample& sample, const metrics::FigureOptions& options);

/// {"tp","fp","tn","fn"}.
Json counts_document(const metrics::Confusion& table);

}  // namespace medperf::cohort
