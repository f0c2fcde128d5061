#pragma once
// The bootstrap of the area under the ROC curve, without drawing cases one by one.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::metrics {

/// Whether a resample keeps the number of patients of each kind (only positive cases, only negative
/// ones, both) or only their sum. Without strata a resample may have one class; it is dropped and
/// counted.
enum class AucResampling { kStratified, kUnstratified };

/// The same distribution of replicates as bootstrap() with auc() as the statistic (see
/// GroupCounts), but the area depends on the cases only by how many of each class lie in each run
/// of scores, and those counts are drawn directly: O(n log n + replicates x (runs + sqrt(n))), runs
/// at most the number of distinct scores. For independent cases; the answer does not depend on
/// their order or on threads. Undefined: as auc(); no interval (variance_needs_two_of_each_class)
/// with one case of a class. Errors: invalid for a score that is not finite and for options out of
/// range; too_large for 2^31 cases or more. Convention: bootstrap-percentile or bootstrap-bca.
Result<Bootstrap> auc_bootstrap(std::span<const ScoredCase> cases,
                                const BootstrapOptions& options = {},
                                AucResampling resampling = AucResampling::kStratified);

/// The unit is the patient: `patient_of_case` holds any number that names the patient of a case.
/// Several images of one patient are drawn together. O(n log n + replicates x n). No interval
/// (variance_needs_two_of_each_class) when one class comes from a single patient. Errors as above
/// and invalid when there is not one patient a case.
Result<Bootstrap> auc_bootstrap(std::span<const ScoredCase> cases,
                                std::span<const std::int64_t> patient_of_case,
                                const BootstrapOptions& options = {},
                                AucResampling resampling = AucResampling::kStratified);

}  // namespace medperf::metrics
