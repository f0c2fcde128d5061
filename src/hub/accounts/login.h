#pragma once
// Signing in by password.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "hub/accounts/tokens.h"
#include "sql/database.h"

namespace medperf::hub {

inline constexpr int kLoginFailureLimit = 10;
inline constexpr Seconds kLockOut{15 * 60};

/// Checks name and password and issues a token. After kLoginFailureLimit failures in kLockOut the
/// name is refused until kLockOut after the first of them. An unknown name takes as long and gets
/// the same answer. Errors: unauthenticated. Thread-safe.
Result<IssuedToken> sign_in(sql::Database& database, const TokenAuthority& tokens,
                            std::string_view username, std::string_view password, Timestamp now);

}  // namespace medperf::hub
