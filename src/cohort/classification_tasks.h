#pragma once
// The tasks of evaluate_classification; internal to this room.

#include <span>

#include "base/json.h"
#include "base/result.h"
#include "cohort/class_tables.h"
#include "cohort/classification.h"

namespace medperf::cohort {

Result<FigureSet> figures_of_two_classes(const ScoredCohort& cohort,
                                         const ClassificationOptions& options);
Result<FigureSet> figures_of_classes(const ClassCohort& cohort,
                                     const ClassificationOptions& options);
Result<FigureSet> figures_of_labels(const LabelCohort& cohort,
                                    const ClassificationOptions& options);

/// Points (1 - specificity, sensitivity) of the ROC curve, only its corners; empty when a class is
/// missing. Error: invalid for a score that is not finite.
Result<Json> roc_curve(std::span<const metrics::ScoredCase> cases);
/// Curves of single classes or labels that are kept: more are too much to look at.
inline constexpr std::size_t kMostCurves = 9;

}  // namespace medperf::cohort
