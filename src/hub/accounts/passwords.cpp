#include "hub/accounts/passwords.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "crypto/password.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kFewestDifferent = 5;
/// Shorter names are parts of many words.
constexpr std::size_t kShortestName = 4;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool holds(std::string_view lower_password, std::string_view name) {
  return name.size() >= kShortestName &&
         lower_password.find(lower_case(name)) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> password_problem(std::string_view password, std::string_view username,
                                            std::string_view email) {
  if (password.size() > kLongestPassword) return "A password has at most 1024 bytes.";
  if (!is_valid_utf8(password)) return "A password is UTF-8 text.";
  if (characters(password) < kShortestPassword) return "A password has at least 12 characters.";
  if (std::set<char>(password.begin(), password.end()).size() < kFewestDifferent) {
    return "A password has at least 5 different characters.";
  }
  const std::string lower = lower_case(password);
  if (holds(lower, username) || holds(lower, email.substr(0, email.find('@')))) {
    return "A password does not hold the user's own name or address.";
  }
  return std::nullopt;
}

Result<std::string> hash_new_password(const PasswordTurn& /*held*/, std::string_view password) {
  return crypto::hash_password(password);
}

bool is_right_password(const PasswordTurn& /*held*/, const std::optional<Account>& account,
                       std::string_view password) {
  if (!account || !account->password_hash) {
    crypto::pretend_to_verify_password(password);
    return false;
  }
  return crypto::verify_password(password, *account->password_hash) && account->active;
}

}  // namespace medperf::hub
