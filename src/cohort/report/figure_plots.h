#pragma once
// The plots of a set of figures, as there are.

#include <string>

#include "cohort/figures.h"

namespace medperf::cohort::report {

/// ROC curve, reliability diagram, decision curve, Bland-Altman plot; of several classes the
/// confusion matrix as a heat map and as a table and each class's ROC curve against the rest; of
/// several labels each label's ROC curve and counts. What is left out is said. Empty without any.
std::string plots_of(const FigureSet& set);

}  // namespace medperf::cohort::report
