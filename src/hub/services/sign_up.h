#pragma once
// New accounts and new passwords by one-time secrets.

#include <string>

#include "hub/services/context.h"

namespace medperf::hub {

/// A secret that is shown once, with what is stored about it.
struct Invited {
  domain::Record invitation{domain::Entity::kInvitation};
  std::string secret;
};
/// Error: invalid, with field messages.
Result<Invited> invite(const Context& context, const Json& body);

/// What a newcomer sends.
struct Newcomer {
  std::string invitation;  ///< empty: without
  std::string username;
  std::string email;
  std::string password;
  std::string peer;
};
/// Makes the account. Errors: forbidden, when the settings want an invitation or let nobody in;
/// invalid; unauthenticated after too many tries from this address; busy.
Result<std::int64_t> sign_up(sql::Database& database, const Settings& settings,
                             const Newcomer& newcomer, const Clock& clock);

/// Sets the password that a reset secret is for; ends all sessions and forgets wrong tries. Errors:
/// unauthenticated, invalid, busy.
Status set_password_by_reset(sql::Database& database, const Settings& settings,
                             std::string_view secret, const std::string& password,
                             std::string_view peer, const Clock& clock);

/// Rules of a user name and an address; messages by field.
std::vector<FieldError> newcomer_problems(const Newcomer& newcomer);

}  // namespace medperf::hub
