#pragma once
// DSSE v1 envelopes (github.com/secure-systems-lab/dsse) with Ed25519 signatures.

#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/ed25519.h"

namespace medperf::crypto {

/// {"payload": base64, "payloadType": type, "signatures": [{"keyid", "sig"}]}
Json sign_dsse(std::string_view payload, std::string_view payload_type, const SigningKey& key);

struct DsseContent {
  std::string payload;
  std::string payload_type;
  std::string key_id;
};
/// Key id named by the first signature, without checking it (to look the key up).
Result<std::string> dsse_key_id(const Json& envelope);
/// Checks the signature by `key` over the pre-authentication encoding. Errors: corrupt, invalid.
Result<DsseContent> verify_dsse(const Json& envelope, const VerifyKey& key);

}  // namespace medperf::crypto
