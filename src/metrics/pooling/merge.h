#pragma once
// What every mergeable summary has in common, internal to pooling.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/pooling/exact_sum.h"

namespace medperf::metrics {

/// Conflict unless both summaries were made by the same rules: convention, version, bins.
inline Status check_same_rules(std::string_view ours, std::string_view theirs) {
  if (ours == theirs) return {};
  return make_error(ErrorKind::kConflict, "summary",
                    "the sites did not summarise by the same rules: " + std::string(ours) +
                        " and " + std::string(theirs),
                    "Ask every site for a summary by the rule that the benchmark names.");
}

/// The sum of two counts. Errors: invalid for a negative one, too_large where the sum would
/// overflow.
inline Result<std::int64_t> added(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0) {
    return make_error(ErrorKind::kInvalid, "summary", "a count is negative",
                      "Counts are whole numbers from 0 on.");
  }
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return make_error(ErrorKind::kTooLarge, "summary", "a count is larger than 64 bits hold",
                      "Check the sites' counts: no cohort is that large.");
  }
  return sum;
}

/// The error of a summary that no cases can have.
inline Error impossible_summary(std::string what) {
  return make_error(ErrorKind::kInvalid, "summary", std::move(what),
                    "Ask the site to make its summary again.");
}

/// The largest count that doubles hold exactly: sums of counts by our formulas cannot overflow.
inline constexpr std::int64_t kMostCases = std::int64_t{1} << 53;

/// Whether `cases` numbers can have these sums of themselves and of their squares: cases x squares
/// is at least sum^2 (Cauchy, Schwarz). Precondition: cases >= 0 and sums of the range of
/// MomentSummary.
bool possible_sums(std::int64_t cases, const ExactSum& sum, const ExactSum& squares);
/// Whether they are the sums of `cases` equal numbers: cases x squares is sum^2. Precondition: as
/// above, and possible_sums().
bool equal_values(std::int64_t cases, const ExactSum& sum, const ExactSum& squares);
/// Whether low x cases <= sum <= high x cases. Precondition: as above.
bool possible_sum(std::int64_t cases, const ExactSum& sum, double low, double high);
/// Whether the sum can be one of numbers that are 0 or of a size in [2^-range, 2^range] and have
/// `bits` bits below their first.
bool in_range(const ExactSum& sum, int range, int bits);

}  // namespace medperf::metrics
