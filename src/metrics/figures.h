#pragma once
// Which function gives the figure of a vocabulary id: the one list, for whoever draws cases again,
// splits them by group, flips their labels, or is asked for a figure by its name.

#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/formula_intervals.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/scored_case.h"
#include "metrics/estimate.h"
#include "metrics/regression/measured_pair.h"

namespace medperf::metrics {

/// What figures depend on beside the cases.
struct FigureOptions {
  double threshold = 0.5;       ///< positive if score >= threshold; also that of the net benefit
  int bins = kCalibrationBins;  ///< of ECE and the maximum calibration error
  int top_k = 2;
  FormulaIntervals intervals;
};

/// A figure of one kind of cases. `of` gives it with the interval of its formula, if it has one;
/// errors are those of the metric (cases that it does not take).
template <typename Cases>
struct FigureOf {
  std::string_view id;
  Result<Estimate> (*of)(Cases cases, const FigureOptions& options);
};
using ScoredFigure = FigureOf<std::span<const ScoredCase>>;
using MeasuredFigure = FigureOf<std::span<const MeasuredPair>>;
using MatrixFigure = FigureOf<const ConfusionMatrix&>;
using ProbabilityFigure = FigureOf<const ClassProbabilities&>;

std::span<const ScoredFigure> scored_figures();
std::span<const MeasuredFigure> measured_figures();
std::span<const MatrixFigure> matrix_figures();
std::span<const ProbabilityFigure> probability_figures();

/// The figure of an id in one of these lists, or null pointer.
template <typename Figure>
const Figure* find_figure(std::span<const Figure> figures, std::string_view id) {
  for (const Figure& one : figures) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

}  // namespace medperf::metrics
