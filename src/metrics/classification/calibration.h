#pragma once
// Whether probabilities mean what they say. The score of a case is its predicted probability of the
// positive class.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kEceConvention = "ece-equal-width";
inline constexpr std::string_view kEceMassConvention = "ece-equal-mass";
inline constexpr std::string_view kMceConvention = "mce-equal-width";
inline constexpr std::string_view kMceMassConvention = "mce-equal-mass";
inline constexpr std::string_view kCalibrationSlopeConvention = "calibration-slope-logistic-wald";
inline constexpr std::string_view kCalibrationInterceptConvention = "calibration-in-the-large-wald";
inline constexpr int kCalibrationBins = 15;

namespace flag {
inline constexpr std::string_view kClassesSeparated =
    "separated";  ///< a threshold parts the classes
inline constexpr std::string_view kConstantScore = "constant_score";
/// A probability of 0 or 1 has no logit.
inline constexpr std::string_view kCertainProbability = "probability_0_or_1";
inline constexpr std::string_view kNotConverged = "not_converged";
}  // namespace flag

enum class CalibrationBinning {
  /// [k / bins, (k + 1) / bins), the last one closed.
  kEqualWidth,
  /// The cases in order of probability, cut at the ranks k n / bins (rounded down); cases of one
  /// probability stay together in the lower bin, so the result does not depend on their order.
  kEqualMass,
};

/// A bin that holds cases.
struct CalibrationBin {
  double low = 0;   ///< equal width: the edge; equal mass: the smallest probability in it
  double high = 0;  ///< equal width: the edge; equal mass: the largest
  std::int64_t cases = 0;
  std::int64_t positives = 0;
  double mean_probability = 0;
  Estimate event_rate;  ///< with Wilson's interval
};

struct Calibration {
  /// Sum over bins of (cases / n) x |mean probability - event rate|, in [0, 1].
  Estimate expected_error;
  Estimate maximum_error;            ///< the largest such gap
  std::vector<CalibrationBin> bins;  ///< ascending; empty bins are left out
};

/// The reliability table and its gaps; undefined (no_cases) without cases. No interval: bootstrap
/// it. Errors: invalid for a score outside [0, 1] or bins outside [1, 100,000]. O(n log n).
/// Sources: Naeini, Cooper, Hauskrecht, AAAI (2015) 2901; Nixon et al., CVPR Workshops (2019) 38.
Result<Calibration> calibration(std::span<const ScoredCase> cases,
                                CalibrationBinning binning = CalibrationBinning::kEqualWidth,
                                int bins = kCalibrationBins, double level = 0.95);

/// logit P(y = 1) = intercept + slope x logit(p), by maximum likelihood.
struct Recalibration {
  Estimate slope;         ///< 1 is perfect; below 1: probabilities too extreme
  Estimate in_the_large;  ///< the intercept when the slope is held at 1; 0 is perfect
  Estimate intercept;     ///< the intercept beside the free slope
};

/// Logistic recalibration with standard errors and intervals from the information matrix (Wald).
/// All three are undefined with no_cases, one_class or probability_0_or_1; slope and intercept also
/// with constant_score and with separated (the maximum does not exist: the classes are parted by a
/// threshold, up to ties at it; this is tested, not inferred from a failed search).
/// Errors: invalid for a score outside [0, 1]. O(n) a step, a few steps (Newton, halved when the
/// likelihood would fall). Sources: Cox, Biometrika 45 (1958) 562; Van Calster et al., BMC Medicine
/// 17 (2019) 230; Albert, Anderson, Biometrika 71 (1984) 1 (separation).
Result<Recalibration> recalibrate(std::span<const ScoredCase> cases, double level = 0.95);

}  // namespace medperf::metrics
