#pragma once
// What every mergeable summary has in common, internal to pooling.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

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

}  // namespace medperf::metrics
