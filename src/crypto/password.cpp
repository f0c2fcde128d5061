#include "crypto/password.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "crypto/sodium.h"

namespace medperf::crypto {
namespace {

// libsodium's "interactive" strength: argon2id, 2 passes over 64 MiB.
constexpr unsigned long long kPasses = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr std::size_t kMemory = crypto_pwhash_MEMLIMIT_INTERACTIVE;
// Longer texts cost time before they are refused, and no person types them.
constexpr std::size_t kLongestPassword = 1024;

/// A hash nobody's password has, made once with the strength of real ones.
const std::string& nobodys_hash() {
  static const std::string hash = [] {
    auto made = hash_password("nobody");
    return made.ok() ? std::move(*made) : std::string();
  }();
  return hash;
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (password.empty() || password.size() > kLongestPassword) {
    return make_error(ErrorKind::kInvalid, "password", "A password has 1 to 1024 bytes",
                      "Choose another one.");
  }
  start_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), kPasses, kMemory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return make_error(ErrorKind::kBusy, "password", "There is not enough memory to hash a password",
                      "Try again later; 64 MiB must be free.");
  }
  return std::string(hash.data());
}

bool verify_password(std::string_view password, const std::string& hash) {
  start_sodium();
  // libsodium reads a fixed-size text; a hash of another form would be read beyond its end.
  if (password.size() > kLongestPassword || hash.size() >= crypto_pwhash_STRBYTES) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  std::memcpy(text.data(), hash.data(), hash.size());
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

void pretend_to_verify_password(std::string_view password) {
  [[maybe_unused]] const bool ignored = verify_password(password, nobodys_hash());
}

}  // namespace medperf::crypto
