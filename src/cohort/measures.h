#pragma once
// Figures of a cohort as functions of its cases, so that the bootstrap and the groups see the same
// figures as the whole.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/figures.h"
#include "cohort/units.h"
#include "metrics/estimate.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::cohort {

/// Positions of cases; one that was drawn twice is there twice.
using Rows = std::span<const std::uint32_t>;

/// Where a figure's interval comes from. Intervals by formula take the cases as independent: where
/// a patient has several cases, they are replaced by those of the bootstrap of patients.
enum class IntervalFrom {
  kFormula,    ///< the figure brings its own
  kResamples,  ///< it has none of its own: the bootstrap's
  kMeasure,    ///< it brings the stratified bootstrap's already, made by a faster way
};

/// A metric that is shown, by its id.
struct Shown {
  std::string_view id;
  IntervalFrom interval;
};

struct Measure {
  std::string metric;
  std::string of;
  IntervalFrom interval;
  std::function<Result<metrics::Estimate>(Rows)> value;
};

// What the documents name the bootstrap's interval by (docs/metrics/bootstrap.md).
std::string_view drawn_by(bool stratified, bool patients, metrics::BootstrapInterval kind);

std::vector<std::int64_t> patients_of(const Units& units, Rows rows);

/// The figure of these cases with its interval. The answer does not depend on options.threads.
/// Errors: those of the measure and of metrics::bootstrap.
Result<Figure> figure_of(const Measure& measure, Rows rows, const Units& units,
                         const metrics::BootstrapOptions& options);

/// The same of all cases.
Result<Figure> figure_of_all(const Measure& measure, const Units& units,
                             const metrics::BootstrapOptions& options);

/// Adds the figures of all cases. Errors as above.
Status add_figures(std::span<const Measure> measures, const Units& units,
                   const metrics::BootstrapOptions& options, FigureSet& set);

}  // namespace medperf::cohort
