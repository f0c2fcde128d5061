#pragma once
// Rules of an organisation's members. Pure.

#include "base/result.h"
#include "domain/record.h"

namespace medperf::domain {

/// Who changes or ends a membership.
struct MembershipActor {
  bool is_the_member = false;
  bool manages = false;  ///< an owner of the organisation, or an admin
};

/// Only the invited user accepts, and chooses whether new objects go to the organisation; only who
/// manages it gives roles. Error: invalid.
Status check_membership_change(const Record& before, const Record& after,
                               const MembershipActor& actor);
/// An organisation keeps an owner. `other_owners`: how many there are beside this membership.
/// Error: conflict.
Status check_owner_remains(const Record& before, bool stays_owner, std::int64_t other_owners);

}  // namespace medperf::domain
