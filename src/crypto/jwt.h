#pragma once
// RS256 JSON Web Tokens (RFC 7519, RFC 7515) through OpenSSL. No other algorithm is
// accepted.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"

namespace medperf::crypto {

/// An RSA private key that signs tokens.
class JwtSigner {
 public:
  static Result<JwtSigner> generate();  ///< RSA-3072
  static Result<JwtSigner> load(const fs::path& pem_file);
  Status save_new(const fs::path& pem_file) const;  ///< PKCS#8 PEM, mode 0600
  std::string public_pem() const;
  /// The public key as a JSON Web Key for RS256, with a key id if one is given.
  Json public_jwk(std::string_view key_id = {}) const;
  /// header {"alg":"RS256","typ":"JWT"}; claims as given.
  std::string sign(const Json& claims) const;
  JwtSigner(JwtSigner&&) noexcept;
  JwtSigner& operator=(JwtSigner&&) noexcept;
  ~JwtSigner();

 private:
  struct Key;
  explicit JwtSigner(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
};

struct JwtExpectation {
  std::string issuer;
  std::string audience;
  Seconds clock_skew{30};
};

/// An RSA public key that checks tokens. Thread-safe.
class JwtVerifier {
 public:
  static Result<JwtVerifier> from_pem(std::string_view pem);
  /// An RSA key of a JSON Web Key (RFC 7517) that may check RS256 signatures. Error: invalid, also
  /// for keys of other kinds or uses.
  static Result<JwtVerifier> from_jwk(const Json& key);
  /// Checks signature, exp (required), nbf, iss, aud. Errors: unauthenticated, what = "Token is
  /// expired" ...
  Result<Json> verify(std::string_view token, const JwtExpectation& expectation,
                      Timestamp now) const;
  JwtVerifier(JwtVerifier&&) noexcept;
  JwtVerifier& operator=(JwtVerifier&&) noexcept;
  ~JwtVerifier();

 private:
  struct Key;
  explicit JwtVerifier(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
};

/// What an unchecked token says of itself: enough to choose the key that is to check it, and good
/// for nothing else.
struct JwtClaimedOrigin {
  std::string issuer;
  std::string key_id;  ///< empty: the header names none
};
/// Error: unauthenticated, when it is no token.
Result<JwtClaimedOrigin> claimed_origin(std::string_view token);

}  // namespace medperf::crypto
