#include "domain/tables/common.h"

// Certificate authorities, certificates and the keys that are encrypted for their holders (v0
// section 12). None of them has a state: a certificate or a key is valid until it is withdrawn.

namespace medperf::domain {
namespace {

// Far more than a certificate or an encrypted key has, little enough to be listed.
constexpr int kLongestDocument = 65536;

constexpr Field kCaFields[] = {
    kIdField,
    kFixedNameField,
    document("config", kOnCreate,
             "How clients reach it: address, port, fingerprint, provisioners."),
    reference("client_mlcube", Entity::kContainer, kOnCreate, "Gets a certificate for a client."),
    reference("server_mlcube", Entity::kContainer, kOnCreate, "Gets a certificate for a server."),
    reference("ca_mlcube", Entity::kContainer, kOnCreate, "Runs the authority."),
    kFixedIsValidField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kClosedGroupReference,
};

constexpr Field kCertificateFields[] = {
    kIdField,
    kFixedNameField,
    reference("ca", Entity::kCa, kOnCreate, "The authority that issued it."),
    text("certificate_content_base64", kLongestDocument, kOnCreate,
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
    read_only(kClosedGroupReference),
};

constexpr Field kEncryptedKeyFields[] = {
    kIdField,
    kFixedNameField,
    reference("certificate", Entity::kCertificate, kOnCreate, "Whose holder can decrypt it."),
    reference("container", Entity::kContainer, kOnCreate, "What it opens."),
    text("encrypted_key_base64", kLongestDocument, kCU,
         "The container's key, encrypted for the certificate's holder, in base64."),
    kWithdrawableField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    read_only(kClosedGroupReference),
};

}  // namespace

constinit const EntityTable kCaTable = {Entity::kCa, "ca", "cas", kCaFields};
constinit const EntityTable kCertificateTable = {Entity::kCertificate, "certificate",
                                                 "certificates", kCertificateFields};
constinit const EntityTable kEncryptedKeyTable = {Entity::kEncryptedKey, "encrypted key",
                                                  "encrypted_keys", kEncryptedKeyFields};

}  // namespace medperf::domain
