#pragma once
// From a cohort to what its site sends to be pooled with other sites.

#include <string_view>

#include "base/result.h"
#include "cohort/classification.h"
#include "cohort/cohort_result.h"
#include "cohort/number_tables.h"
#include "cohort/segmentation.h"
#include "metrics/pooling/site_summary.h"

namespace medperf::cohort {

/// For each column the moments of its values (macro Dice, HD95, ...), for each region the sums of
/// the micro Dice. `cohort` is what measure_segmentations gave for `options`. Errors: invalid for a
/// value out of the range of MomentSummary.
Result<metrics::SiteSummary> summarise_segmentations(const CohortResult& cohort,
                                                     const SegmentationOptions& options);

/// From the tables of evaluate_classification, by metrics/pooling/summarise.h. Errors: those of
/// reading; invalid for scores outside [0, 1].
Result<metrics::SiteSummary> summarise_classification(std::string_view predictions,
                                                      std::string_view labels,
                                                      const UnitTable& patients,
                                                      const ClassificationOptions& options);

/// The moments of the absolute errors and of the errors: MAE, bias and RMSE of all sites. Error:
/// invalid for an error that is out of the range of MomentSummary.
Result<metrics::SiteSummary> summarise_regression(const NumberCohort& cohort);

}  // namespace medperf::cohort
