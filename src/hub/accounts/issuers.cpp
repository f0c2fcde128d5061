#include "hub/accounts/issuers.h"

#include <utility>

#include "base/encoding.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kMostKeys = 100;
constexpr Bytes kKeyFileLimit{1u << 20};

Error refused(std::string what, std::string cause = {}) {
  return make_error(ErrorKind::kUnauthenticated, "token", std::move(what), "Sign in again.",
                    std::move(cause));
}

}  // namespace

Result<IssuerKeys> read_jwks(std::string_view text) {
  JsonLimits limits;
  limits.bytes = kKeyFileLimit.value;
  limits.depth = 8;
  limits.values = 10'000;
  MEDPERF_TRY(const auto document, parse_json(text, limits));
  const Json* list = document.find("keys");
  if (list == nullptr || !list->is_array() || list->items().size() > kMostKeys) {
    return make_error(ErrorKind::kInvalid, "keys", "this is not a JSON Web Key Set",
                      "It has a list \"keys\" of at most 100 keys.");
  }
  IssuerKeys keys;
  for (const Json& item : list->items()) {
    auto verifier = crypto::JwtVerifier::from_jwk(item);
    if (verifier.ok()) keys.push_back({item.get_string("kid"), std::move(verifier).value()});
  }
  if (keys.empty()) {
    return make_error(ErrorKind::kInvalid, "keys", "no key of the set can check RS256 signatures",
                      "Let the identity provider sign with RS256 and an RSA key of 2048 bits or "
                      "more.");
  }
  return keys;
}

void Issuer::set_keys(IssuerKeys keys) {
  auto fresh = std::make_shared<const IssuerKeys>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(fresh);
  ++keys_version_;
}

Result<Json> Issuer::verify(std::string_view token, std::string_view key_id, Timestamp now) const {
  std::shared_ptr<const IssuerKeys> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  const crypto::JwtExpectation expectation{settings_.issuer, settings_.audience,
                                           settings_.clock_skew};
  Result<Json> outcome = refused("Token is signed with an unknown key", settings_.name);
  bool known = false;
  for (const auto& key : *keys) {
    // A key without an id (a PEM file) fits a token that names any.
    if (!key_id.empty() && !key.key_id.empty() && key.key_id != key_id) continue;
    known = true;
    outcome = key.verifier.verify(token, expectation, now);
    if (outcome.ok()) break;
  }
  if (!known && !settings_.keys.jwks_url.empty()) wants_keys_ = true;
  return outcome;
}

Result<std::shared_ptr<Issuer>> make_issuer(IssuerSettings settings) {
  auto issuer = std::make_shared<Issuer>(std::move(settings));
  const KeySource& source = issuer->settings().keys;
  if (!source.pem_file.empty()) {
    MEDPERF_TRY(const auto pem, read_file(source.pem_file, kKeyFileLimit));
    MEDPERF_TRY(auto verifier, crypto::JwtVerifier::from_pem(pem));
    IssuerKeys keys;
    keys.push_back({{}, std::move(verifier)});
    issuer->set_keys(std::move(keys));
  } else if (!source.jwks_file.empty()) {
    MEDPERF_TRY(const auto text, read_file(source.jwks_file, kKeyFileLimit));
    auto keys = read_jwks(text);
    if (!keys.ok()) {
      Error error = std::move(keys).error();
      error.where = source.jwks_file.native();
      return error;
    }
    issuer->set_keys(std::move(*keys));
  }
  return issuer;
}

}  // namespace medperf::hub
