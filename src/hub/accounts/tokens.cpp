#include "hub/accounts/tokens.h"

#include <utility>

#include "base/encoding.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kLongestSubject = 150;  // characters of a user's name

Error refused(std::string what) {
  return make_error(ErrorKind::kUnauthenticated, "token", std::move(what), "Sign in again.");
}

/// A time claim whose form was checked with the signature, or 1970.
Timestamp time_of(const Json& claims, std::string_view name) {
  const Json* value = claims.find(name);
  if (value == nullptr || !value->is_number()) return {};
  return {static_cast<std::int64_t>(value->as_double() * 1e6)};
}

/// What a checked token of an outside issuer says, under the names that its settings give.
Result<Identity> identity_of(const Json& claims, const IssuerSettings& settings) {
  const std::string subject = claims.get_string(settings.subject_claim);
  Identity identity;
  identity.subject = settings.username_prefix + subject;
  const bool speakable = printable(identity.subject, kLongestSubject) == identity.subject;
  if (subject.empty() || !speakable) return refused("Token contains no usable subject");
  identity.issuer = settings.issuer;
  // Rights are given by email address: one that the issuer calls unverified counts as none.
  if (claims.get_bool("email_verified", true)) {
    identity.email = claims.get_string(settings.email_claim);
  }
  identity.issued_at = time_of(claims, "iat");
  identity.expires_at = time_of(claims, "exp");
  return identity;
}

}  // namespace

Result<TokenAuthority> TokenAuthority::make(crypto::JwtSigner signer,
                                            crypto::JwtExpectation expectation, Issuers issuers) {
  MEDPERF_TRY(auto own, crypto::JwtVerifier::from_pem(signer.public_pem()));
  for (const auto& issuer : issuers) {
    if (issuer->settings().issuer != expectation.issuer) continue;
    return make_error(ErrorKind::kInvalid, issuer->settings().name,
                      "an outside issuer has the same name as this hub",
                      "Give auth.issuer another value.");
  }
  return TokenAuthority(std::move(signer), std::move(own), std::move(expectation),
                        std::move(issuers));
}

IssuedToken TokenAuthority::issue(std::string_view username, std::string_view email,
                                  std::int64_t generation, Timestamp now) const {
  const std::int64_t issued = now.microseconds / 1'000'000;
  const std::int64_t expires = issued + static_cast<std::int64_t>(kTokenLifetime.count());
  const Json claims = Json::object({{"iss", expectation_.issuer},
                                    {"aud", expectation_.audience},
                                    {"sub", username},
                                    {std::string(kEmailClaim), email},
                                    {std::string(kGenerationClaim), generation},
                                    {"iat", issued},
                                    {"exp", expires}});
  return {signer_.sign(claims), Timestamp{expires * 1'000'000}};
}

Result<Identity> TokenAuthority::check_own(std::string_view token, Timestamp now) const {
  MEDPERF_TRY(const auto claims, own_.verify(token, expectation_, now));
  IssuerSettings settings;  // the claims that issue() writes
  MEDPERF_TRY(auto identity, identity_of(claims, settings));
  identity.generation = claims.get_int(kGenerationClaim);
  return identity;
}

Result<Identity> TokenAuthority::check(std::string_view token, Timestamp now) const {
  if (issuers_.empty()) return check_own(token, now);
  MEDPERF_TRY(const auto origin, crypto::claimed_origin(token));
  for (const auto& issuer : issuers_) {
    if (issuer->settings().issuer != origin.issuer) continue;
    MEDPERF_TRY(const auto claims, issuer->verify(token, origin.key_id, now));
    return identity_of(claims, issuer->settings());
  }
  return check_own(token, now);
}

std::uint64_t TokenAuthority::keys_version() const {
  std::uint64_t version = 0;
  for (const auto& issuer : issuers_) version += issuer->keys_version();
  return version;
}

Json TokenAuthority::public_keys() const {
  return Json::object({{"keys", Json::array({signer_.public_jwk()})}});
}

}  // namespace medperf::hub
