#include "crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "crypto/random.h"

namespace medperf::crypto {

namespace {

constexpr std::size_t kSha1Bytes = 20;

std::array<unsigned char, kSha1Bytes> hmac_sha1(std::string_view key, std::uint64_t counter) {
  std::array<unsigned char, 8> message{};
  for (std::size_t i = 0; i < message.size(); ++i) {
    message[message.size() - 1 - i] = static_cast<unsigned char>(counter >> (8 * i));
  }
  std::array<unsigned char, kSha1Bytes> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
           digest.data(), &size) == nullptr ||
      size != digest.size()) {
    throw std::runtime_error("OpenSSL could not compute an HMAC");
  }
  return digest;
}

}  // namespace

std::int64_t totp_step(Timestamp now) {
  return now.microseconds / 1'000'000 / kTotpPeriod;
}

std::string totp_code(std::string_view secret, std::int64_t step, int digits) {
  const auto digest = hmac_sha1(secret, static_cast<std::uint64_t>(step));
  const std::size_t offset = digest.back() & 0x0f;
  std::uint32_t number = digest[offset] & 0x7fu;
  for (std::size_t i = 1; i < 4; ++i) number = number << 8 | digest[offset + i];
  std::string code(static_cast<std::size_t>(digits), '0');
  for (auto at = code.rbegin(); at != code.rend(); ++at, number /= 10) {
    *at = static_cast<char>('0' + number % 10);
  }
  return code;
}

std::optional<std::int64_t> matching_totp_step(std::string_view secret, std::string_view code,
                                               Timestamp now, std::int64_t last_used) {
  std::optional<std::int64_t> found;
  const std::int64_t current = totp_step(now);
  for (std::int64_t step = current - 1; step <= current + 1; ++step) {
    const bool same = equal_constant_time(totp_code(secret, step), code);
    if (same && step > last_used) found = step;
  }
  return found;
}

std::string to_base32(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 5; count -= 5) text += kAlphabet[bits >> (count - 5) & 31];
    bits &= (1u << count) - 1;
  }
  if (count > 0) text += kAlphabet[bits << (5 - count) & 31];
  return text;
}

}  // namespace medperf::crypto
