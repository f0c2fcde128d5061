#include "crypto/random.h"

#include <sodium.h>

#include <cstdlib>

#include "base/encoding.h"
#include "crypto/sodium.h"

namespace medperf::crypto {

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  // Without random numbers no key and no token is safe: there is nothing sensible left to do.
  if (!started) std::abort();
}

std::string random_bytes(std::size_t count) {
  start_sodium();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string random_token(std::size_t bytes) {
  return to_base64url(random_bytes(bytes));
}

std::string random_hex(std::size_t bytes) {
  return to_hex(random_bytes(bytes));
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace medperf::crypto
