#pragma once
// A figure by its vocabulary id, of any of the cases that a caller gave: what is resampled, ranked,
// split by group. Which id is which function says metrics/figures.h.

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "metrics/estimate.h"
#include "metrics/figures.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics/vocabulary.h"

namespace medperf::python {

/// One model's cases with the figure asked for. Owns copies of what it needs.
struct NamedFigure {
  std::size_t cases = 0;
  metrics::Direction direction = metrics::Direction::kNone;
  std::function<metrics::Estimate(std::span<const std::uint32_t> positions)> of;

  /// Its value alone.
  metrics::Statistic statistic() const {
    return [of = of](std::span<const std::uint32_t> positions) { return of(positions).value; };
  }
};

/// The options figure, kind, models, classes, threshold, bins, level and the arrays predicted
/// (models x cases, with kind "probabilities" x classes) and reference: one figure a model, tried
/// on all cases. Kinds: "scores" (reference 0 or 1), "measures", "classes", "probabilities",
/// "values" (no reference; mean and median). Errors: invalid for an unknown figure, sizes that do
/// not fit, and what the figure does not take.
Result<std::vector<NamedFigure>> named_figures(Arguments& arguments);

/// A figure of scored cases by its id.
Result<const metrics::ScoredFigure*> scored_figure(std::string_view id);
/// The options threshold, bins, level.
Result<metrics::FigureOptions> figure_options(Arguments& arguments);

}  // namespace medperf::python
