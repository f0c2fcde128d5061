// No bytes from outside are a valid token: the key's private half is thrown away at the start.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/jwt.h"

using medperf::crypto::JwtExpectation;
using medperf::crypto::JwtSigner;
using medperf::crypto::JwtVerifier;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const JwtVerifier verifier =
      JwtVerifier::from_pem(JwtSigner::generate().value().public_pem()).value();
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  const JwtExpectation expectation{"issuer", "audience"};
  if (verifier.verify(token, expectation, medperf::Timestamp{0}).ok()) std::abort();
  return 0;
}
