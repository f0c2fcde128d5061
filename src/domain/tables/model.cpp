#include "domain/tables/common.h"

// Models (v0 section 5): a name for exactly one container or one asset.

namespace medperf::domain {
namespace {

constexpr Field kModelFields[] = {
    kIdField,
    kNameField,
    {.name = "type",
     .type = FieldType::kChoice,
     .required = true,
     .writable = kCU,
     .choices = kModelTypes,
     .sentence = "What it wraps."},
    {.name = "container",
     .type = FieldType::kReference,
     .nullable = true,
     .writable = kCU,
     .target = Entity::kContainer,
     .sentence = "The wrapped container; null for an asset. Nested on create and in answers."},
    {.name = "asset",
     .type = FieldType::kReference,
     .nullable = true,
     .writable = kCU,
     .target = Entity::kAsset,
     .sentence = "The wrapped asset; null for a container. Nested on create and in answers."},
    kStateField,
    kIsValidField,
    kMetadataField,
    kUserMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kOrganisationReference,
    kClosedGroupReference,
};

}  // namespace

constinit const EntityTable kModelTable = {Entity::kModel, "model", "models", kModelFields, true};

}  // namespace medperf::domain
