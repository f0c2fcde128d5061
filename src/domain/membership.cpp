#include "domain/membership.h"

#include "domain/messages.h"
#include "domain/names.h"

namespace medperf::domain {

Status check_membership_change(const Record& before, const Record& after,
                               const MembershipActor& actor) {
  if (before.text("status") != after.text("status")) {
    if (after.text("status") == kInvited) {
      return field_error("status", "Who has accepted cannot be invited again; remove the member.");
    }
    if (!actor.is_the_member) {
      return field_error("status", "Only the invited user can accept.");
    }
  }
  if (before.text("role") != after.text("role") && !actor.manages) {
    return field_error("role", "Only an owner of the organisation gives roles.");
  }
  if (before.boolean("active") == after.boolean("active")) return {};
  if (!actor.is_the_member) {
    return field_error("active", "Only the member chooses where their new objects go.");
  }
  if (after.boolean("active") && after.text("status") != kAccepted) {
    return field_error("active", "Accept the invitation first.");
  }
  return {};
}

Status check_owner_remains(const Record& before, bool stays_owner, std::int64_t other_owners) {
  const bool is_owner = before.text("role") == kOwnerRole && before.text("status") == kAccepted;
  if (!is_owner || stays_owner || other_owners > 0) return {};
  return make_error(ErrorKind::kConflict, {}, "An organisation needs an owner: this is the last.",
                    "Make another member its owner first.");
}

}  // namespace medperf::domain
