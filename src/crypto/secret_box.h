#pragma once
// Secrets at rest: sealed with a key of a file, so that a copy of the database alone reveals
// nothing. XChaCha20-Poly1305 through libsodium.

#include <string>
#include <string_view>

#include "base/files.h"

namespace medperf::crypto {

/// Thread-safe.
class SecretBox {
 public:
  static SecretBox generate();
  static Result<SecretBox> load(const fs::path& key_file);
  Status save_new(const fs::path& key_file) const;  ///< mode 0600; error conflict: exists

  /// Base64 text. `purpose` names what the secret is for ("second factor of user 3"): a sealed
  /// text that was moved to another place does not open there.
  std::string seal(std::string_view secret, std::string_view purpose) const;
  /// Error: corrupt, when it was not sealed with this key for this purpose.
  Result<std::string> open(std::string_view sealed, std::string_view purpose) const;

  SecretBox(SecretBox&&) noexcept = default;
  SecretBox& operator=(SecretBox&&) noexcept = default;
  ~SecretBox();

 private:
  explicit SecretBox(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace medperf::crypto
