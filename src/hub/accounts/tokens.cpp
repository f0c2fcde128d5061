#include "hub/accounts/tokens.h"

#include <utility>

#include "base/encoding.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kLongestSubject = 150;  // characters of a user's name

}  // namespace

Result<TokenAuthority> TokenAuthority::make(crypto::JwtSigner signer,
                                            crypto::JwtExpectation expectation,
                                            std::optional<Provider> provider) {
  MEDPERF_TRY(auto verifier, crypto::JwtVerifier::from_pem(signer.public_pem()));
  return TokenAuthority(std::move(signer), Provider{std::move(verifier), std::move(expectation)},
                        std::move(provider));
}

IssuedToken TokenAuthority::issue(std::string_view username, std::string_view email,
                                  Timestamp now) const {
  const std::int64_t issued = now.microseconds / 1'000'000;
  const std::int64_t expires = issued + static_cast<std::int64_t>(kTokenLifetime.count());
  const Json claims = Json::object({{"iss", own_.expectation.issuer},
                                    {"aud", own_.expectation.audience},
                                    {"sub", username},
                                    {std::string(kEmailClaim), email},
                                    {"iat", issued},
                                    {"exp", expires}});
  return {signer_.sign(claims), Timestamp{expires * 1'000'000}};
}

Result<Identity> TokenAuthority::check(std::string_view token, Timestamp now) const {
  auto claims = own_.verifier.verify(token, own_.expectation, now);
  const bool from_provider = !claims.ok() && provider_.has_value();
  if (from_provider) {
    claims = provider_->verifier.verify(token, provider_->expectation, now);
  }
  if (!claims.ok()) return std::move(claims).error();
  Identity identity{claims->get_string("sub"), claims->get_string(kEmailClaim), from_provider, {}};
  // The check demands that exp is a number.
  if (const Json* expiry = claims->find("exp"); expiry != nullptr && expiry->is_number()) {
    identity.expires_at = {static_cast<std::int64_t>(expiry->as_double() * 1e6)};
  }
  const bool speakable = printable(identity.subject, kLongestSubject) == identity.subject;
  if (identity.subject.empty() || !speakable) {
    return make_error(ErrorKind::kUnauthenticated, "token", "Token contains no usable subject");
  }
  return identity;
}

}  // namespace medperf::hub
