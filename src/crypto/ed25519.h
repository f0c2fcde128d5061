#pragma once
// Ed25519 (RFC 8032) keys and signatures through libsodium.

#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace medperf::crypto {

/// A public key: 32 bytes. Its id is "ed25519:" + SHA-256 hex of the bytes.
class VerifyKey {
 public:
  static Result<VerifyKey> from_base64(std::string_view text);
  std::string base64() const;
  std::string key_id() const;
  bool verify(std::string_view message, std::string_view signature) const;
  const std::string& bytes() const { return bytes_; }

 private:
  friend class SigningKey;
  std::string bytes_;
};

/// A secret key; wiped when it goes.
class SigningKey {
 public:
  static SigningKey generate();
  /// Reads a key file; refuses one that others may read (mode beyond 0600).
  static Result<SigningKey> load(const fs::path& path);
  /// Writes with mode 0600; errors: conflict, when the file exists.
  Status save_new(const fs::path& path) const;
  VerifyKey verify_key() const;
  /// 64 bytes.
  std::string sign(std::string_view message) const;
  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  ~SigningKey();

 private:
  SigningKey() = default;
  std::string seed_;
};

}  // namespace medperf::crypto
