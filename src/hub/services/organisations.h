#pragma once
// Organisations and closed groups: who belongs to them.

#include "hub/services/context.h"

namespace medperf::hub {

/// The caller becomes its first owner.
Result<domain::Record> create_organisation(const Context& context, const Json& body);
Result<domain::Record> update_organisation(const Context& context, std::int64_t id,
                                           const Json& body);
/// Asks a user to join; they act for the organisation once they have accepted.
Result<domain::Record> invite_member(const Context& context, std::int64_t organisation,
                                     const Json& body);
/// Accepting, roles, and whether the member's new objects go to the organisation.
Result<domain::Record> update_membership(const Context& context, std::int64_t organisation,
                                         std::int64_t member, const Json& body);
/// A member leaves or is removed, an invitation is declined or withdrawn. Access ends with it.
Status end_membership(const Context& context, std::int64_t organisation, std::int64_t member);

/// The caller, or the organisation that they make it for, is inside from the start.
Result<domain::Record> create_closed_group(const Context& context, const Json& body);
Result<domain::Record> update_closed_group(const Context& context, std::int64_t id,
                                           const Json& body);
/// Lets a user or an organisation in; they see its objects from then on.
Result<domain::Record> admit(const Context& context, std::int64_t closed_group, const Json& body);
/// Ends it, by row of closed_group_members. Who let themselves in with the group stays.
Status expel(const Context& context, std::int64_t closed_group, std::int64_t row);

}  // namespace medperf::hub
