#pragma once
// What admins do to accounts: over the API and by medperf-hub user. Each works inside a transaction
// and leaves its line in the log to the caller.

#include <string>

#include "base/clock.h"
#include "hub/store/accounts.h"
#include "sql/database.h"

namespace medperf::hub {

/// Out at the next request, whatever token or session; sessions end.
Status disable_account(sql::Session& session, const domain::Record& user, Timestamp now);
Status enable_account(sql::Session& session, const domain::Record& user);
/// Forgets wrong tries at the user's name and codes.
Status unlock_account(sql::Session& session, const domain::Record& user, Timestamp now);

struct PasswordReset {
  std::string secret;  ///< shown once
  Timestamp expires_at;
};
/// A secret that the user sets a new password with, within a day. The old password still works
/// until then.
Result<PasswordReset> start_password_reset(sql::Session& session, const domain::Record& user,
                                           Timestamp now);

}  // namespace medperf::hub
