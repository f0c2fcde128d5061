#include "hub/accounts/second_factor.h"

#include <algorithm>

#include "crypto/random.h"
#include "crypto/totp.h"
#include "hub/accounts/secrets.h"
#include "net/http_types.h"

namespace medperf::hub {

namespace {

constexpr int kRecoveryCodes = 10;
constexpr std::size_t kRecoveryBytes = 10;  // 80 bits: 16 characters of base32
constexpr std::size_t kRecoveryGroup = 4;

std::string purpose(std::int64_t user) {
  return "second factor of user " + std::to_string(user);
}

Error no_key() {
  return make_error(ErrorKind::kUnavailable, "auth.secrets_key",
                    "this hub has no key for stored secrets");
}

/// As a person may type it: spaces and dashes do not count, nor does case.
std::string plain(std::string_view code) {
  std::string text;
  for (const char c : code) {
    if (c == ' ' || c == '-') continue;
    text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return text;
}

std::string recovery_hash(std::int64_t user, std::string_view plain_code) {
  return secret_hash("recovery code of user " + std::to_string(user) + " " +
                     std::string(plain_code));
}

std::string in_groups(std::string_view code) {
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i > 0 && i % kRecoveryGroup == 0) text += '-';
    text += code[i];
  }
  return text;
}

Result<bool> use_app_code(sql::Session& session, const crypto::SecretBox* box, std::int64_t user,
                          const SecondFactor& factor, std::string_view code, Timestamp now) {
  if (box == nullptr) return no_key();
  const auto secret = box->open(factor.sealed, purpose(user));
  if (!secret.ok()) {  // the hub's affair, not the caller's
    return make_error(ErrorKind::kUnavailable, "auth.secrets_key",
                      "the key does not open a stored second factor",
                      "Restore the key file that belongs to the database.", secret.error().text());
  }
  const auto step = crypto::matching_totp_step(*secret, code, now, factor.last_step);
  if (!step) return false;
  return use_step(session, user, *step);
}

}  // namespace

Result<Enrolment> start_enrolment(sql::Session& session, const crypto::SecretBox* box,
                                  std::int64_t user, std::string_view username, Timestamp now) {
  if (box == nullptr) return no_key();
  const std::string secret = crypto::random_bytes(crypto::kTotpSecretBytes);
  MEDPERF_TRY(const auto started,
              start_second_factor(session, user, box->seal(secret, purpose(user)), now));
  if (!started) {
    return make_error(ErrorKind::kConflict, {}, "This account has a second factor already.",
                      "Remove it first.");
  }
  const std::string text = crypto::to_base32(secret);
  return Enrolment{text, "otpauth://totp/MedPerf:" + net::percent_encode(username) + "?secret=" +
                             text + "&issuer=MedPerf&algorithm=SHA1&digits=6&period=30"};
}

Result<std::optional<std::vector<std::string>>> confirm_enrolment(sql::Session& session,
                                                                  const crypto::SecretBox* box,
                                                                  std::int64_t user,
                                                                  std::string_view code,
                                                                  Timestamp now) {
  using Codes = std::optional<std::vector<std::string>>;
  MEDPERF_TRY(const auto factor, find_second_factor(session, user));
  if (!factor || factor->confirmed) {
    return make_error(ErrorKind::kConflict, {}, "No second factor waits for its first code.");
  }
  MEDPERF_TRY(const auto right, use_app_code(session, box, user, *factor, plain(code), now));
  if (!right) return Codes();
  std::vector<std::string> codes;
  std::vector<std::string> hashes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    const std::string made = crypto::to_base32(crypto::random_bytes(kRecoveryBytes));
    hashes.push_back(recovery_hash(user, made));
    codes.push_back(in_groups(made));
  }
  MEDPERF_CHECK(confirm_second_factor(session, user, hashes));
  return Codes(std::move(codes));
}

Result<bool> use_code(sql::Session& session, const crypto::SecretBox* box, std::int64_t user,
                      std::string_view code, Timestamp now) {
  MEDPERF_TRY(const auto factor, find_second_factor(session, user));
  if (!factor || !factor->confirmed) return false;
  const std::string text = plain(code);
  if (text.size() > static_cast<std::size_t>(crypto::kTotpDigits)) {
    return use_recovery_code(session, user, recovery_hash(user, text));
  }
  return use_app_code(session, box, user, *factor, text, now);
}

}  // namespace medperf::hub
