#pragma once
// Passwords of accounts: what a new one must be, and the checks of those that are tried.

#include <optional>
#include <string>
#include <string_view>

#include "hub/accounts/password_gate.h"
#include "hub/store/accounts.h"

namespace medperf::hub {

inline constexpr std::size_t kShortestPassword = 12;   ///< characters
inline constexpr std::size_t kLongestPassword = 1024;  ///< bytes

/// What is wrong with a new password; nothing when it is good enough. Length decides, not kinds of
/// characters (NIST SP 800-63B); it may not hold the user's own name or address.
std::optional<std::string> password_problem(std::string_view password, std::string_view username,
                                            std::string_view email);
/// Errors: of crypto::hash_password.
Result<std::string> hash_new_password(const PasswordTurn& held, std::string_view password);
/// Takes equally long for nobody, for an account without password, and for an inactive one.
bool is_right_password(const PasswordTurn& held, const std::optional<Account>& account,
                       std::string_view password);

}  // namespace medperf::hub
