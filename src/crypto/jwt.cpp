#include "crypto/jwt.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/encoding.h"
#include "crypto/key_file.h"

namespace medperf::crypto {
namespace {

constexpr std::size_t kTokenLimit = 16384;
constexpr int kNewKeyBits = 3072;
constexpr int kSmallestKeyBits = 2048;
constexpr int kLargestKeyBits = 8192;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
struct FreeBuilder {
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
};
struct FreeParams {
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
struct FreeKeyContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using NumberPointer = std::unique_ptr<BIGNUM, FreeNumber>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;
using BioPointer = std::unique_ptr<BIO, FreeBio>;
using ContextPointer = std::unique_ptr<EVP_MD_CTX, FreeContext>;

BioPointer reader_of(std::string_view text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

/// Never asks the terminal for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

bool is_usable(const EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= kSmallestKeyBits &&
         EVP_PKEY_get_bits(key) <= kLargestKeyBits;
}

/// 401's error: `what` is shown to the caller, `cause` goes to the log.
Error refuse(std::string what, std::string cause = {}) {
  return make_error(ErrorKind::kUnauthenticated, "", std::move(what), "Sign in again.",
                    std::move(cause));
}

bool has_valid_signature(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  const ContextPointer context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

/// JSON of one base64url part of a token.
Result<Json> decode_part(std::string_view part) {
  MEDPERF_TRY(const auto text, from_base64url(part));
  JsonLimits limits;
  limits.bytes = kTokenLimit;
  limits.depth = 8;
  limits.values = 1000;
  MEDPERF_TRY(auto value, parse_json(text, limits));
  if (!value.is_object()) return refuse("Token is malformed", "a part is not a JSON object");
  return value;
}

/// A NumericDate claim in microseconds; errors when it is there but not a number.
Result<std::optional<std::int64_t>> time_claim(const Json& claims, std::string_view name) {
  const Json* claim = claims.find(name);
  if (claim == nullptr) return std::optional<std::int64_t>();
  constexpr double kLatest = 253402300800.0;  // the year 10000
  if (!claim->is_number() || claim->as_double() < 0 || claim->as_double() > kLatest)
    return refuse("Token is malformed", "the claim " + std::string(name) + " is not a time");
  return std::optional<std::int64_t>(static_cast<std::int64_t>(claim->as_double() * 1e6));
}

bool names_audience(const Json& claims, const std::string& audience) {
  const Json* claim = claims.find("aud");
  if (claim == nullptr) return false;
  if (claim->is_string()) return claim->as_string() == audience;
  if (!claim->is_array()) return false;
  for (const auto& item : claim->items())
    if (item.is_string() && item.as_string() == audience) return true;
  return false;
}

Status check_claims(const Json& claims, const JwtExpectation& expectation, Timestamp now) {
  const auto skew = static_cast<std::int64_t>(expectation.clock_skew.count() * 1e6);
  MEDPERF_TRY(const auto expires, time_claim(claims, "exp"));
  if (!expires) return refuse("Token has no expiry", "the claim exp is missing");
  if (now.microseconds >= *expires + skew) return refuse("Token is expired");
  MEDPERF_TRY(const auto not_before, time_claim(claims, "nbf"));
  if (not_before && now.microseconds < *not_before - skew)
    return refuse("Token is not valid yet", "check the clocks of both machines");
  if (claims.get_string("iss") != expectation.issuer)
    return refuse("Token has a wrong issuer", printable(claims.get_string("iss"), 200));
  if (!names_audience(claims, expectation.audience)) return refuse("Token has a wrong audience");
  return {};
}

}  // namespace

struct JwtSigner::Key {
  KeyPointer pointer;
};

JwtSigner::JwtSigner(std::unique_ptr<Key> key) : key_(std::move(key)) {}
JwtSigner::JwtSigner(JwtSigner&&) noexcept = default;
JwtSigner& JwtSigner::operator=(JwtSigner&&) noexcept = default;
JwtSigner::~JwtSigner() = default;

Result<JwtSigner> JwtSigner::generate() {
  KeyPointer made(EVP_RSA_gen(kNewKeyBits));
  if (!made) {
    return make_error(ErrorKind::kUnavailable, "", "OpenSSL could not make an RSA key",
                      "Check that the system gives random numbers.");
  }
  return JwtSigner(std::make_unique<Key>(Key{std::move(made)}));
}

Result<JwtSigner> JwtSigner::load(const fs::path& pem_file) {
  MEDPERF_TRY(auto pem, read_key_file(pem_file));
  const BioPointer reader = reader_of(pem);
  KeyPointer key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, nullptr));
  wipe(pem);
  if (!key || !is_usable(key.get())) {
    return make_error(ErrorKind::kCorrupt, printable(pem_file.native(), 500),
                      "This is not an RSA private key of 2048 to 8192 bits in PEM form",
                      "Restore it from a backup, or make a new one.");
  }
  return JwtSigner(std::make_unique<Key>(Key{std::move(key)}));
}

Status JwtSigner::save_new(const fs::path& pem_file) const {
  // The secure memory BIO is wiped when it is freed.
  const BioPointer writer(BIO_new(BIO_s_secmem()));
  if (!writer || PEM_write_bio_PKCS8PrivateKey(writer.get(), key_->pointer.get(), nullptr, nullptr,
                                               0, nullptr, nullptr) != 1)
    return make_error(ErrorKind::kBug, "", "OpenSSL could not write the private key");
  std::string pem = content_of(writer.get());
  Status status = write_new_key_file(pem_file, pem);
  wipe(pem);
  return status;
}

std::string JwtSigner::public_pem() const {
  const BioPointer writer(BIO_new(BIO_s_mem()));
  if (!writer || PEM_write_bio_PUBKEY(writer.get(), key_->pointer.get()) != 1)
    throw std::runtime_error("OpenSSL could not write a public key");
  return content_of(writer.get());
}

Json JwtSigner::public_jwk(std::string_view key_id) const {
  const auto number = [this](const char* name) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key_->pointer.get(), name, &value) != 1)
      throw std::runtime_error("OpenSSL could not give a part of a public key");
    const NumberPointer owned(value);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    return to_base64url(bytes);
  };
  Json key = Json::object({{"kty", "RSA"}, {"use", "sig"}, {"alg", "RS256"}});
  if (!key_id.empty()) key.set("kid", key_id);
  key.set("n", number(OSSL_PKEY_PARAM_RSA_N));
  key.set("e", number(OSSL_PKEY_PARAM_RSA_E));
  return key;
}

std::string JwtSigner::sign(const Json& claims) const {
  const Json header = Json::object({{"alg", "RS256"}, {"typ", "JWT"}});
  const std::string message = to_base64url(to_text(header)) + "." + to_base64url(to_text(claims));
  const ContextPointer context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_->pointer.get())), '\0');
  std::size_t size = signature.size();
  const bool signed_well =
      context &&
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pointer.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  if (!signed_well) throw std::runtime_error("OpenSSL could not sign a token");
  signature.resize(size);
  return message + "." + to_base64url(signature);
}

namespace {

NumberPointer number_of(std::string_view base64url) {
  constexpr std::size_t kLargest = kLargestKeyBits / 8 + 1;
  const auto bytes = from_base64url(base64url);
  if (!bytes.ok() || bytes->empty() || bytes->size() > kLargest) return nullptr;
  return NumberPointer(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
                                 static_cast<int>(bytes->size()), nullptr));
}

KeyPointer rsa_key(const BIGNUM* modulus, const BIGNUM* exponent) {
  const std::unique_ptr<OSSL_PARAM_BLD, FreeBuilder> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
    return nullptr;
  const std::unique_ptr<OSSL_PARAM, FreeParams> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return KeyPointer(key);
}

/// A member that is absent or has this value.
bool may_be(const Json& key, std::string_view name, std::string_view value) {
  return !key.contains(name) || key.get_string(name) == value;
}

}  // namespace

struct JwtVerifier::Key {
  KeyPointer pointer;
};

JwtVerifier::JwtVerifier(std::unique_ptr<Key> key) : key_(std::move(key)) {}
JwtVerifier::JwtVerifier(JwtVerifier&&) noexcept = default;
JwtVerifier& JwtVerifier::operator=(JwtVerifier&&) noexcept = default;
JwtVerifier::~JwtVerifier() = default;

Result<JwtVerifier> JwtVerifier::from_pem(std::string_view pem) {
  const BioPointer reader = reader_of(pem);
  KeyPointer key(PEM_read_bio_PUBKEY(reader.get(), nullptr, no_passphrase, nullptr));
  if (!key || !is_usable(key.get())) {
    return make_error(ErrorKind::kInvalid, "",
                      "This is not an RSA public key of 2048 to 8192 bits in PEM form",
                      "Give the text that begins with -----BEGIN PUBLIC KEY-----.");
  }
  return JwtVerifier(std::make_unique<Key>(Key{std::move(key)}));
}

Result<JwtVerifier> JwtVerifier::from_jwk(const Json& key) {
  const NumberPointer modulus = number_of(key.get_string("n"));
  const NumberPointer exponent = number_of(key.get_string("e"));
  const bool fits = key.get_string("kty") == "RSA" && may_be(key, "use", "sig") &&
                    may_be(key, "alg", "RS256") && modulus && exponent &&
                    BN_is_odd(exponent.get()) && BN_num_bits(exponent.get()) > 1;
  KeyPointer made = fits ? rsa_key(modulus.get(), exponent.get()) : nullptr;
  if (!made || !is_usable(made.get())) {
    return make_error(ErrorKind::kInvalid, printable(key.get_string("kid"), 100),
                      "This is not an RSA key of 2048 to 8192 bits for RS256 signatures",
                      "Only RS256 is accepted.");
  }
  return JwtVerifier(std::make_unique<Key>(Key{std::move(made)}));
}

Result<Json> JwtVerifier::verify(std::string_view token, const JwtExpectation& expectation,
                                 Timestamp now) const {
  if (token.size() > kTokenLimit) return refuse("Token is malformed", "it is too long");
  const auto parts = split(token, '.');
  if (parts.size() != 3) return refuse("Token is malformed", "it has not three parts");
  const auto header = decode_part(parts[0]);
  if (!header.ok()) return refuse("Token is malformed", header.error().text());
  // The key decides the algorithm, never the token: "none" and HS256 with the public key are
  // attacks.
  if (header->get_string("alg") != "RS256" || header->contains("crit"))
    return refuse("Token has a wrong algorithm", printable(header->get_string("alg"), 40));
  const auto signature = from_base64url(parts[2]);
  if (!signature.ok()) return refuse("Token is malformed", signature.error().text());
  const std::string_view message = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!has_valid_signature(key_->pointer.get(), message, *signature))
    return refuse("Token is invalid", "the signature does not fit");
  auto claims = decode_part(parts[1]);
  if (!claims.ok()) return refuse("Token is malformed", claims.error().text());
  MEDPERF_CHECK(check_claims(*claims, expectation, now));
  return claims;
}

Result<JwtClaimedOrigin> claimed_origin(std::string_view token) {
  if (token.size() > kTokenLimit) return refuse("Token is malformed", "it is too long");
  const auto parts = split(token, '.');
  if (parts.size() != 3) return refuse("Token is malformed", "it has not three parts");
  const auto header = decode_part(parts[0]);
  if (!header.ok()) return refuse("Token is malformed", header.error().text());
  const auto claims = decode_part(parts[1]);
  if (!claims.ok()) return refuse("Token is malformed", claims.error().text());
  return JwtClaimedOrigin{claims->get_string("iss"), header->get_string("kid")};
}

}  // namespace medperf::crypto
