#pragma once
// The bootstrap: how much a figure would change with other patients, by drawing patients again.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

class Workers;

inline constexpr std::string_view kBootstrapPercentileConvention = "bootstrap-percentile";
inline constexpr std::string_view kBootstrapBcaConvention = "bootstrap-bca";

namespace flag {
inline constexpr std::string_view kTooFewUnits = "too_few_units";  ///< fewer than two patients
inline constexpr std::string_view kUndefinedOnSample = "undefined_on_sample";
/// Some resamples had no value (for example one class only); they are left out and counted.
inline constexpr std::string_view kResamplesDropped = "resamples_dropped";
inline constexpr std::string_view kTooFewResamples = "too_few_resamples";
/// Every resample lies on one side of the figure, so that BCa has no bias correction.
inline constexpr std::string_view kBcaUndefined = "bca_undefined";
}  // namespace flag

/// Who is drawn: units (patients), each with all of its cases, within strata.
class ResampleUnits {
 public:
  /// Every case is its own unit, one stratum.
  static ResampleUnits each_case(std::size_t n_cases);
  /// `unit_of_case` holds any number that names the patient of a case, `stratum_of_case` (empty:
  /// one stratum) the stratum, the same for all cases of a unit. Errors: invalid for spans of
  /// different length, a unit with cases in two strata (names the case), more than 2^32 - 2 cases.
  static Result<ResampleUnits> of(std::span<const std::int64_t> unit_of_case,
                                  std::span<const std::int64_t> stratum_of_case = {});

  std::size_t n_cases() const { return cases_.size(); }
  std::size_t n_units() const { return unit_begin_.size() - 1; }
  /// The strata as ranges of units: stratum s holds the units [begin[s], begin[s + 1]).
  std::span<const std::uint32_t> stratum_begin() const { return stratum_begin_; }
  /// The cases of a unit, ascending.
  std::span<const std::uint32_t> cases_of(std::size_t unit) const {
    return std::span(cases_).subspan(unit_begin_[unit], unit_begin_[unit + 1] - unit_begin_[unit]);
  }

 private:
  std::vector<std::uint32_t> cases_;          // grouped by unit
  std::vector<std::uint32_t> unit_begin_;     // n_units + 1
  std::vector<std::uint32_t> stratum_begin_;  // n_strata + 1, in units
};

enum class BootstrapInterval {
  kPercentile,
  kBca,  ///< bias-corrected and accelerated; costs one more evaluation a unit
};

struct BootstrapOptions {
  std::uint64_t seed = 0;  ///< replicate r uses the stream (seed, r)
  int replicates = 2000;   ///< in [2, 10 million]
  double level = 0.95;
  int threads = 1;  ///< any number gives the same answer, bit for bit
  BootstrapInterval interval = BootstrapInterval::kPercentile;
};

/// `estimate.value` is the figure of the sample itself, `se` the standard deviation of the
/// replicates.
struct Bootstrap {
  Estimate estimate;
  std::int64_t dropped = 0;        ///< resamples without a value
  std::vector<double> replicates;  ///< in order of their number, without the dropped
};

/// A figure of the cases with these positions; a position that was drawn twice is there twice.
/// Undefined is nullopt. Called by several threads at once when threads > 1.
using Statistic = std::function<std::optional<double>(std::span<const std::uint32_t> cases)>;

/// Draws, in each stratum, as many units as it has, with replacement, `replicates` times; the
/// interval is that of the quantiles (1 -+ level) / 2 of the replicates, by linear interpolation.
/// Undefined interval: fewer than 2 units (too_few_units), a figure undefined on the sample
/// (undefined_on_sample), fewer than half of the resamples with a value (too_few_resamples), all
/// replicates equal (no_variance, se 0: the sample has nothing that could differ).
/// Errors: invalid for options out of range. O(replicates x statistic).
/// Sources: Efron, Tibshirani, An Introduction to the Bootstrap (1993), ch. 13 and 14 (BCa);
/// Davison, Hinkley, Bootstrap Methods and their Application (1997), 3.2 (strata), 3.8 (clusters).
Result<Bootstrap> bootstrap(const ResampleUnits& units, const Statistic& statistic,
                            const BootstrapOptions& options = {});

/// The interval and remarks from replicates made elsewhere (a faster way to the same
/// distribution). `jackknife` holds, for BCa, the figure without one unit, stratum by stratum.
struct Jackknife {
  std::vector<std::vector<double>> strata;
};
Bootstrap summarise_bootstrap(std::optional<double> value, std::span<const double> replicates,
                              std::int64_t dropped, const BootstrapOptions& options,
                              const Jackknife& jackknife = {});
/// Invalid for replicates, threads or level out of range.
Status check_bootstrap_options(const BootstrapOptions& options);

/// Calls work(begin, end) for parts of [0, count) that together are all of it, on all workers.
void for_each_replicate(int count, Workers& workers,
                        const std::function<void(int begin, int end)>& work);
/// The same on `threads` threads that are started for it.
void for_each_replicate(int count, int threads,
                        const std::function<void(int begin, int end)>& work);

}  // namespace medperf::metrics
