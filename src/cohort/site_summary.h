#pragma once
// From a cohort to what its site sends to be pooled with other sites.

#include <string_view>

#include "base/result.h"
#include "cohort/classification.h"
#include "cohort/cohort_result.h"
#include "cohort/segmentation.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::cohort {

/// Bins of the scores' histogram: a threshold of k / 512 parts the cases exactly.
inline constexpr metrics::Bins kSummaryScoreBins = {0, 1, 512};

/// For each column the moments of its values (macro Dice, HD95, ...), for each region the sums of
/// the micro Dice. `cohort` is what measure_segmentations gave for `options`. Errors: invalid for a
/// value out of the range of MomentSummary.
Result<metrics::SiteSummary> summarise_segmentations(const CohortResult& cohort,
                                                     const SegmentationOptions& options);

/// From the tables of evaluate_classification. Two classes: the decision's 2x2 table, histograms of
/// scores and logits, the reliability table, the moments of squared errors. Several classes: the
/// table of classes. Several labels a case: as two classes for each label, without the logits.
/// Errors: those of reading; invalid for scores outside [0, 1], which have no bins that all sites
/// share.
Result<metrics::SiteSummary> summarise_classification(std::string_view predictions,
                                                      std::string_view labels,
                                                      const UnitTable& patients,
                                                      const ClassificationOptions& options);

}  // namespace medperf::cohort
