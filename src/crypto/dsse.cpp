#include "crypto/dsse.h"

#include "base/encoding.h"

namespace medperf::crypto {
namespace {

constexpr std::size_t kPayloadLimit = std::size_t{4} << 20;

/// DSSE v1 pre-authentication encoding: the bytes that are signed.
std::string encode_for_signing(std::string_view type, std::string_view payload) {
  std::string text = "DSSEv1 ";
  text += std::to_string(type.size());
  text += ' ';
  text += type;
  text += ' ';
  text += std::to_string(payload.size());
  text += ' ';
  text += payload;
  return text;
}

Error malformed(const std::string& where, const std::string& what) {
  return make_error(ErrorKind::kInvalid, where, what,
                    "Send a DSSE envelope: payload, payloadType and one signature.");
}

/// The one signature of an envelope. Several would leave open which of them counts.
Result<const Json*> only_signature(const Json& envelope) {
  const Json* signatures = envelope.find("signatures");
  if (signatures == nullptr || !signatures->is_array())
    return malformed("signatures", "The signatures are missing");
  if (signatures->items().size() != 1)
    return malformed("signatures", "There must be exactly one signature");
  const Json& signature = signatures->items().front();
  if (signature.get_string("keyid").empty() || signature.get_string("sig").empty())
    return malformed("signatures.0", "The keyid or the sig is missing");
  return &signature;
}

}  // namespace

Json sign_dsse(std::string_view payload, std::string_view payload_type, const SigningKey& key) {
  const std::string signature = key.sign(encode_for_signing(payload_type, payload));
  const Json entry =
      Json::object({{"keyid", key.verify_key().key_id()}, {"sig", to_base64(signature)}});
  return Json::object({{"payload", to_base64(payload)},
                       {"payloadType", payload_type},
                       {"signatures", Json::array({entry})}});
}

Result<std::string> dsse_key_id(const Json& envelope) {
  MEDPERF_TRY(const Json* signature, only_signature(envelope));
  return signature->get_string("keyid");
}

Result<DsseContent> verify_dsse(const Json& envelope, const VerifyKey& key) {
  MEDPERF_TRY(const Json* entry, only_signature(envelope));
  DsseContent content;
  content.key_id = entry->get_string("keyid");
  content.payload_type = envelope.get_string("payloadType");
  const Json* payload = envelope.find("payload");
  if (payload == nullptr || !payload->is_string())
    return malformed("payload", "The payload is missing");
  if (content.payload_type.empty()) return malformed("payloadType", "The payloadType is missing");
  if (payload->as_string().size() > kPayloadLimit) {
    return make_error(ErrorKind::kTooLarge, "payload", "The payload is too large",
                      "Statements are at most 3 MiB.");
  }
  auto bytes = from_base64(payload->as_string());
  if (!bytes.ok()) return std::move(bytes).error().at("payload");
  auto signature = from_base64(entry->get_string("sig"));
  if (!signature.ok()) return std::move(signature).error().at("signatures.0.sig");
  content.payload = std::move(*bytes);
  if (content.key_id != key.key_id()) {
    return make_error(ErrorKind::kCorrupt, "signatures.0.keyid",
                      "The envelope is signed by another key than the one given",
                      "Sign it with the registered key.");
  }
  if (!key.verify(encode_for_signing(content.payload_type, content.payload), *signature)) {
    return make_error(ErrorKind::kCorrupt, "signatures.0.sig",
                      "The signature does not fit the payload",
                      "The payload or the signature was changed: send it as it was signed.");
  }
  return content;
}

}  // namespace medperf::crypto
