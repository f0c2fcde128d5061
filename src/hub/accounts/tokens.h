#pragma once
// Access tokens: RS256 JSON Web Tokens, made by this hub and, if configured, by an identity
// provider.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/jwt.h"

namespace medperf::hub {

inline constexpr Seconds kTokenLifetime{3600};
inline constexpr std::string_view kEmailClaim = "https://medperf.org/email";

/// Who a token is for.
struct Identity {
  std::string subject;         ///< the user's name
  std::string email;           ///< empty when the token has none
  bool from_provider = false;  ///< signed by the identity provider, not by this hub
  Timestamp expires_at;
};

struct IssuedToken {
  std::string text;
  Timestamp expires_at;
};

/// An identity provider whose tokens are accepted beside the hub's own.
struct Provider {
  crypto::JwtVerifier verifier;
  crypto::JwtExpectation expectation;
};

/// Makes and checks tokens. Thread-safe.
class TokenAuthority {
 public:
  static Result<TokenAuthority> make(crypto::JwtSigner signer, crypto::JwtExpectation expectation,
                                     std::optional<Provider> provider);
  IssuedToken issue(std::string_view username, std::string_view email, Timestamp now) const;
  /// Errors: unauthenticated.
  Result<Identity> check(std::string_view token, Timestamp now) const;

 private:
  TokenAuthority(crypto::JwtSigner signer, Provider own, std::optional<Provider> provider)
      : signer_(std::move(signer)), own_(std::move(own)), provider_(std::move(provider)) {}
  crypto::JwtSigner signer_;
  Provider own_;
  std::optional<Provider> provider_;
};

}  // namespace medperf::hub
