#include "domain/committee.h"

#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"

namespace medperf::domain {

Status check_committee(std::int64_t threshold, std::int64_t members) {
  if (threshold >= 1 && threshold <= members) return {};
  return field_error("threshold",
                     "Must be from 1 to the number of members, " + std::to_string(members) + ".");
}

std::string_view outcome(const Ballot& ballot) {
  if (ballot.against_it >= ballot.threshold) return kRejected;
  if (ballot.voters - ballot.against_it < ballot.threshold) return kRejected;
  if (ballot.for_it >= ballot.threshold && ballot.other_side_consents) return kApproved;
  return kPending;
}

Status check_can_decide(const Ballot& ballot) {
  if (ballot.voters >= ballot.threshold) return {};
  return object_error("The benchmark's committee cannot decide on this: only " +
                      std::to_string(ballot.voters) + " of its members have no stake in it, and " +
                      std::to_string(ballot.threshold) + " votes are needed.");
}

Status check_vote(bool is_member, bool has_stake) {
  if (!is_member) {
    return field_error(kApprovalStatus,
                       "This benchmark's committee decides: only its members vote.");
  }
  if (has_stake) {
    return field_error(kApprovalStatus,
                       "Nobody votes on their own object, or on one of their organisation.");
  }
  return {};
}

}  // namespace medperf::domain
