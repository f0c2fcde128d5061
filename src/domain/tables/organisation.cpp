#include "domain/tables/common.h"

// Organisations, in whose name several people act, and closed groups, outside of which their
// objects do not exist.

namespace medperf::domain {
namespace {

constexpr Field kDescription = optional_text("description", 256, kCUO, "What it is, for people.");

constexpr Field kOrganisationFields[] = {
    kIdField,         saying(written(kNameField, kCUO), "A name that no other organisation has."),
    kDescription,     kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kMembershipFields[] = {
    kIdField,
    {.name = kOrganisationField,
     .type = FieldType::kReference,
     .target = Entity::kOrganisation,
     .sentence = "The organisation that asks."},
    reference("member", Entity::kUser, kOnCreate, "Who is asked to join, or has joined."),
    {.name = "role",
     .type = FieldType::kChoice,
     .default_json = "\"MEMBER\"",
     .writable = kCUO,
     .choices = kRoles,
     .sentence = "An OWNER invites and removes; both act for the organisation."},
    {.name = "status",
     .type = FieldType::kChoice,
     .default_json = "\"INVITED\"",
     .writable = kOnUpdate | kInOperation,
     .choices = kInvitationStatuses,
     .sentence = "INVITED until the invited user accepts; only then do they act for it."},
    flag("active", "false", kOnUpdate | kInOperation,
         "True: what this user registers belongs to the organisation by itself."),
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kClosedGroupFields[] = {
    kIdField,
    text(kName, 128, kCUO,
         "Not unique: a name that is taken would tell of a group that does not exist."),
    kDescription,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kOrganisationReference,
};

constexpr Field kClosedGroupMemberFields[] = {
    kIdField,
    read_only(kClosedGroupReference),
    optional_reference("member", Entity::kUser, kOnCreate,
                       "The invited user; null for an organisation."),
    optional_reference(kOrganisationField, Entity::kOrganisation, kOnCreate,
                       "The invited organisation; null for a user."),
    kCreatedAtField,
    kModifiedAtField,
};

}  // namespace

constinit const EntityTable kOrganisationTable = {Entity::kOrganisation, "organisation",
                                                  "organisations", kOrganisationFields};
constinit const EntityTable kMembershipTable = {Entity::kMembership, "membership",
                                                "organisation_members", kMembershipFields};
constinit const EntityTable kClosedGroupTable = {Entity::kClosedGroup, "closed group",
                                                 "closed_groups", kClosedGroupFields};
constinit const EntityTable kClosedGroupMemberTable = {
    Entity::kClosedGroupMember, "closed group member", "closed_group_members",
    kClosedGroupMemberFields};

}  // namespace medperf::domain
