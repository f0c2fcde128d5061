#pragma once
// Signing in by password and, for those who have one, a code of the second factor.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/secret_box.h"
#include "hub/accounts/password_gate.h"
#include "hub/store/accounts.h"
#include "sql/database.h"

namespace medperf::hub {

/// What a person gives to sign in.
struct Credentials {
  std::string username;
  std::string password;
  std::string code;  ///< of the second factor, or a recovery code
  std::string peer;  ///< address it comes from
};

struct Verified {
  Account account;
  bool code_needed = false;  ///< the password is right, but a code is needed too: not signed in
};

/// Checks name, password and code. After kTriesPerName wrong tries in kLockOut the name is refused
/// until kLockOut after the first of them, and so is an address after kTriesPerPeer. An unknown
/// name takes as long and gets the same answers. Errors: unauthenticated. Thread-safe.
Result<Verified> verify_credentials(const PasswordTurn& held, sql::Database& database,
                                    const crypto::SecretBox* box, const Credentials& given,
                                    Timestamp now);

}  // namespace medperf::hub
