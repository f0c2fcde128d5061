#pragma once
// The tasks of evaluate_classification; internal to this room.

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

}  // namespace medperf::cohort
