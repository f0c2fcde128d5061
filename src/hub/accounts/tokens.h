#pragma once
// Access tokens: RS256 JSON Web Tokens, made by this hub and by the outside issuers it knows.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/jwt.h"
#include "hub/accounts/issuers.h"

namespace medperf::hub {

inline constexpr Seconds kTokenLifetime{3600};
inline constexpr std::string_view kGenerationClaim = "https://medperf.org/generation";

/// Who a token is for. Nothing here depends on the database: whether the user exists, is active and
/// did not sign out meanwhile is asked in the request's transaction.
struct Identity {
  std::string subject;          ///< the user's name
  std::string email;            ///< empty when the token has none that is verified
  std::string issuer;           ///< outside issuer that signed it; empty: this hub
  std::int64_t generation = 0;  ///< of a token of this hub: older than the user's, it is signed out
  Timestamp issued_at;          ///< 1970 when the token does not say
  Timestamp expires_at;

  bool from_provider() const { return !issuer.empty(); }
};

struct IssuedToken {
  std::string text;
  Timestamp expires_at;
};

/// Makes and checks tokens. Thread-safe.
class TokenAuthority {
 public:
  static Result<TokenAuthority> make(crypto::JwtSigner signer, crypto::JwtExpectation expectation,
                                     Issuers issuers = {});
  IssuedToken issue(std::string_view username, std::string_view email, std::int64_t generation,
                    Timestamp now) const;
  /// The token's issuer claim selects whose keys check it: this hub's or those of one outside
  /// issuer. Errors: unauthenticated.
  Result<Identity> check(std::string_view token, Timestamp now) const;
  /// The hub's own public key, for others that want to check its tokens.
  Json public_keys() const;
  /// Another number whenever an issuer's keys were replaced.
  std::uint64_t keys_version() const;
  const Issuers& issuers() const { return issuers_; }

 private:
  TokenAuthority(crypto::JwtSigner signer, crypto::JwtVerifier own,
                 crypto::JwtExpectation expectation, Issuers issuers)
      : signer_(std::move(signer)),
        own_(std::move(own)),
        expectation_(std::move(expectation)),
        issuers_(std::move(issuers)) {}
  Result<Identity> check_own(std::string_view token, Timestamp now) const;

  crypto::JwtSigner signer_;
  crypto::JwtVerifier own_;
  crypto::JwtExpectation expectation_;
  Issuers issuers_;
};

}  // namespace medperf::hub
