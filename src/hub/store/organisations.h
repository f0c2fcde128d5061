#pragma once
// Organisations: who acts in whose name.

#include <cstdint>
#include <optional>
#include <vector>

#include "sql/database.h"

namespace medperf::hub {

/// Whether a user is a present member of an organisation (an invitation is no membership).
Result<bool> is_member(sql::Session& session, std::int64_t user, std::int64_t organisation);
/// The users of a party: an organisation's present members, or without one the owner alone.
Result<std::vector<std::int64_t>> people_of(sql::Session& session,
                                            std::optional<std::int64_t> organisation,
                                            std::int64_t owner);
/// How many present owners an organisation has beside a user.
Result<std::int64_t> other_owners(sql::Session& session, std::int64_t organisation,
                                  std::int64_t user);
/// Takes back a user's choice of the organisation that gets what they register.
Status clear_active_organisation(sql::Session& session, std::int64_t user);
/// The organisation that gets what a user registers, if the user chose one.
Result<std::optional<std::int64_t>> active_organisation(sql::Session& session, std::int64_t user);

}  // namespace medperf::hub
