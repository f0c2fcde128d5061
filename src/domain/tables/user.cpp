#include "domain/tables/common.h"

// Accounts and the keys that sites sign with (v0 section 2; keys are an addition of ours).

namespace medperf::domain {
namespace {

constexpr Field kUserFields[] = {
    kIdField,
    {.name = "username",
     .type = FieldType::kText,
     .max_length = 150,
     .unique = true,
     .sentence = "The token's subject."},
    {.name = "email",
     .type = FieldType::kText,
     .max_length = 254,
     .blank = true,
     .default_json = "\"\"",
     .sentence = "Taken from the token when the user is first seen."},
    {.name = "first_name",
     .type = FieldType::kText,
     .max_length = 150,
     .blank = true,
     .default_json = "\"\"",
     .sentence = "Of the person; empty unless an imported hub knew it."},
    {.name = "last_name",
     .type = FieldType::kText,
     .max_length = 150,
     .blank = true,
     .default_json = "\"\"",
     .sentence = "Of the person; empty unless an imported hub knew it."},
    {.name = kMetadata,
     .type = FieldType::kJson,
     .default_json = "{}",
     .writable = kCUO,
     .sentence = "The user's own settings; any signed-in user may read them.",
     .null_is_unsent = true},
};

constexpr Field kSiteKeyFields[] = {
    kIdField,
    {.name = "key_id",
     .type = FieldType::kText,
     .max_length = 72,
     .unique = true,
     .sentence = "\"ed25519:\" and the SHA-256 of the public key in hex."},
    {.name = "public_key",
     .type = FieldType::kText,
     .max_length = 64,
     .required = true,
     .writable = kOnCreate,
     .sentence = "The 32 bytes of the public key in base64."},
    {.name = "algorithm",
     .type = FieldType::kChoice,
     .default_json = "\"ed25519\"",
     .writable = kOnCreate,
     .choices = kKeyAlgorithms,
     .sentence = "Signature algorithm."},
    kOwnerReference,
    kCreatedAtField,
    {.name = kIsValid,
     .type = FieldType::kBoolean,
     .default_json = "true",
     .sentence = "False once the key is withdrawn."},
};

}  // namespace

constinit const EntityTable kUserTable = {Entity::kUser, "user", "users", kUserFields};
constinit const EntityTable kSiteKeyTable = {Entity::kSiteKey, "site key", "keys", kSiteKeyFields};

}  // namespace medperf::domain
