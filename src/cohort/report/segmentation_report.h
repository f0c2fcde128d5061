#pragma once
// The report of a cohort of label maps.

#include <span>
#include <string>

#include "base/result.h"
#include "cohort/cohort_document.h"
#include "cohort/segmentation.h"
#include "cohort/summary.h"

namespace medperf::cohort {

/// One page of HTML: the summary, box plots of each metric, the worst cases of each region with
/// pictures (their files are read again), failed cases, a table of the cases (the first 2,000).
/// Holds case ids and pictures of label maps: it stays where the data are.
Result<std::string> segmentation_report(const CohortResult& result,
                                        std::span<const Summary> summaries,
                                        const SegmentationOptions& options,
                                        const CohortSettings& settings);

}  // namespace medperf::cohort
