#pragma once
// Decisions of a benchmark's committee: N of M votes, none on one's own object. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace medperf::domain {

/// A committee must be able to decide: at least one vote, and no more than it has members. Error:
/// invalid.
Status check_committee(std::int64_t threshold, std::int64_t members);

/// What has been said about one request.
struct Ballot {
  std::int64_t threshold = 0;
  std::int64_t voters = 0;  ///< members who may vote on it: those without a stake
  std::int64_t for_it = 0;  ///< votes of such members
  std::int64_t against_it = 0;
  bool other_side_consents = true;  ///< whoever asked, or has agreed since
};

/// PENDING, APPROVED, or REJECTED once there are N votes against, or N for it can no longer be.
std::string_view outcome(const Ballot& ballot);

/// Before a request is stored: whether enough members have no stake in it. Error: invalid.
Status check_can_decide(const Ballot& ballot);
/// Whether a person may vote. Error: invalid, under approval_status.
Status check_vote(bool is_member, bool has_stake);

}  // namespace medperf::domain
