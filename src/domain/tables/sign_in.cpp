#include "domain/tables/common.h"

// What users and admins make so that others can sign in: additions of ours.

namespace medperf::domain {
namespace {

constexpr Field kAccessTokenFields[] = {
    kIdField,
    {.name = kName,
     .type = FieldType::kText,
     .max_length = 128,
     .required = true,
     .writable = kOnCreate,
     .sentence = "What the token is for."},
    {.name = "scope",
     .type = FieldType::kChoice,
     .default_json = "\"read\"",
     .writable = kOnCreate,
     .choices = kTokenScopes,
     .sentence = "What it may do: read; write, too; or all that an admin may."},
    {.name = "expires_at",
     .type = FieldType::kTime,
     .writable = kOnCreate,
     .sentence = "End of its life: 90 days from now unless given, at most 366 days."},
    {.name = "last_used_at",
     .type = FieldType::kTime,
     .nullable = true,
     .sentence = "Last use, to the minute."},
    kCreatedAtField,
    kOwnerReference,
};

constexpr Field kInvitationFields[] = {
    kIdField,
    {.name = "email",
     .type = FieldType::kText,
     .max_length = 254,
     .blank = true,
     .default_json = "\"\"",
     .writable = kOnCreate,
     .sentence = "Whom it is for: the account gets this address. Empty: whoever holds it."},
    kCreatedAtField,
    {.name = "expires_at",
     .type = FieldType::kTime,
     .writable = kOnCreate,
     .sentence = "End of its life: 7 days from now unless given, at most 366 days."},
    {.name = "used_at",
     .type = FieldType::kTime,
     .nullable = true,
     .sentence = "When an account was made with it."},
    kOwnerReference,
};

}  // namespace

constinit const EntityTable kAccessTokenTable = {Entity::kAccessToken, "access token",
                                                 "access_tokens", kAccessTokenFields};
constinit const EntityTable kInvitationTable = {Entity::kInvitation, "invitation", "invitations",
                                                kInvitationFields};

}  // namespace medperf::domain
