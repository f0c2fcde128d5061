#pragma once
// ECDSA over NIST P-256 with SHA-256 (FIPS 186-5): the keys that cosign makes. Checking only.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::crypto {

/// A public key. Its id is "p256:" + SHA-256 hex of its DER form (SubjectPublicKeyInfo).
class P256Key {
 public:
  /// Reads "-----BEGIN PUBLIC KEY-----". Errors: invalid, also for a key of another kind or curve.
  static Result<P256Key> from_pem(std::string_view text);
  const std::string& key_id() const { return id_; }
  /// `signature`: ASN.1 DER, as openssl and cosign write it.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Key;
  P256Key(std::shared_ptr<const Key> key, std::string id)
      : key_(std::move(key)), id_(std::move(id)) {}
  std::shared_ptr<const Key> key_;
  std::string id_;
};

}  // namespace medperf::crypto
