#include "domain/tables/common.h"

// Certificate authorities, certificates and the keys that are encrypted for their holders (v0
// section 12). None of them has a state: a certificate or a key is valid until it is withdrawn.

namespace medperf::domain {
namespace {

// Far more than a certificate or an encrypted key has, little enough to be listed.
constexpr int kLongestDocument = 65536;

constexpr Field part(std::string_view name, Entity target, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = kOnCreate,
          .target = target,
          .sentence = sentence};
}

constexpr Field document(std::string_view name, unsigned writable, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kText,
          .max_length = kLongestDocument,
          .required = true,
          .writable = writable,
          .sentence = sentence};
}

constexpr Field kCaFields[] = {
    kIdField,
    kFixedNameField,
    {.name = "config",
     .type = FieldType::kJson,
     .required = true,
     .writable = kOnCreate,
     .sentence = "How clients reach it: address, port, fingerprint, provisioners."},
    part("client_mlcube", Entity::kContainer, "Gets a certificate for a client."),
    part("server_mlcube", Entity::kContainer, "Gets a certificate for a server."),
    part("ca_mlcube", Entity::kContainer, "Runs the authority."),
    kFixedIsValidField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kCertificateFields[] = {
    kIdField,
    kFixedNameField,
    part("ca", Entity::kCa, "The authority that issued it."),
    document("certificate_content_base64", kOnCreate,
             "The certificate in base64; the hub does not read it."),
    {.name = "key_type",
     .type = FieldType::kChoice,
     .default_json = "\"RSA\"",
     .writable = kOnCreate,
     .choices = kKeyTypes,
     .sentence = "Kind of the certified key."},
    kWithdrawableField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kEncryptedKeyFields[] = {
    kIdField,
    kFixedNameField,
    part("certificate", Entity::kCertificate, "Whose holder can decrypt it."),
    part("container", Entity::kContainer, "What it opens."),
    document("encrypted_key_base64", kCU,
             "The container's key, encrypted for the certificate's holder, in base64."),
    kWithdrawableField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

}  // namespace

constinit const EntityTable kCaTable = {Entity::kCa, "ca", "cas", kCaFields};
constinit const EntityTable kCertificateTable = {Entity::kCertificate, "certificate",
                                                 "certificates", kCertificateFields};
constinit const EntityTable kEncryptedKeyTable = {Entity::kEncryptedKey, "encrypted key",
                                                  "encrypted_keys", kEncryptedKeyFields};

}  // namespace medperf::domain
