#include "hub/accounts/secrets.h"

#include "crypto/random.h"
#include "crypto/sha256.h"

namespace medperf::hub {

std::string new_secret(std::string_view prefix) {
  return std::string(prefix) + crypto::random_token();
}

std::string secret_hash(std::string_view secret) {
  return crypto::sha256_hex(secret);
}

}  // namespace medperf::hub
