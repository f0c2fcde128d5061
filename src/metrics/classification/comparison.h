#pragma once
// Two models on the same cases: is the difference more than chance?

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/estimate.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::metrics {

inline constexpr std::string_view kPairedAucConvention = "auroc-difference-delong";
inline constexpr std::string_view kMcNemarExactConvention = "mcnemar-exact";
inline constexpr std::string_view kMcNemarMidPConvention = "mcnemar-mid-p";
inline constexpr std::string_view kPairedBootstrapConvention = "paired-bootstrap-percentile";

/// One case with the scores of two models.
struct PairedScore {
  double first = 0;
  double second = 0;
  bool positive = false;
};

struct PairedAuc {
  std::optional<double> first;
  std::optional<double> second;
  Estimate difference;                ///< first - second, with SE and interval (not clipped)
  std::optional<double> correlation;  ///< of the two areas
  std::optional<double> z;
  std::optional<double> p_value;  ///< two-sided
};

/// DeLong's test for two correlated areas. Undefined: no_cases, one_class; no test and no interval
/// with variance_needs_two_of_each_class or no_variance. O(n log n). Errors: invalid for a score
/// that is not finite or a level outside (0, 1). Source: DeLong, DeLong, Clarke-Pearson, Biometrics
/// 44 (1988) 837.
Result<PairedAuc> compare_auc(std::span<const PairedScore> cases, double level = 0.95);

struct McNemar {
  std::int64_t only_first = 0;  ///< cases that only the first model has right
  std::int64_t only_second = 0;
  /// (only_first - only_second) / n; the difference of the accuracies. Undefined for no case.
  std::optional<double> difference;
  double exact_p_value = 1;  ///< two-sided binomial; 1 when no case tells the models apart
  double mid_p_value = 1;    ///< less conservative; preferred by the source
};

/// McNemar's test that two models are right equally often. `first_right` and `second_right` say by
/// case (0 or not) whether the model was right. Errors: invalid for lists of different length.
/// Source: McNemar, Psychometrika 12 (1947) 153; Fagerland, Lydersen, Laake, BMC Med Res Methodol
/// 13 (2013) 91 (mid-p; for equal counts it is 1 - P(count) / 2).
Result<McNemar> mcnemar(std::span<const std::uint8_t> first_right,
                        std::span<const std::uint8_t> second_right);
/// The same from the two discordant counts (at least 0) of n cases.
McNemar mcnemar(std::int64_t only_first, std::int64_t only_second, std::int64_t cases);

struct PairedBootstrap {
  Bootstrap difference;  ///< of first - second, both on the same resample
  /// Two-sided: twice the smaller of the shares of replicates at or below and at or above 0, one
  /// counted in addition on either side so that it is never 0; at most 1.
  std::optional<double> p_value;
};

/// Any two figures on the same cases: patients are drawn once for both, so what the models share
/// cancels. A resample on which one of them is undefined is dropped and counted. Errors and
/// undefined as bootstrap(). Source: Davison, Hinkley, Bootstrap Methods (1997), 4.4 (p-value).
Result<PairedBootstrap> paired_bootstrap(const ResampleUnits& units, const Statistic& first,
                                         const Statistic& second,
                                         const BootstrapOptions& options = {});

}  // namespace medperf::metrics
