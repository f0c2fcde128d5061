#include "domain/tables/common.h"

// Containers and assets (v0 sections 3 and 4).

namespace medperf::domain {
namespace {

constexpr Field kContainerFields[] = {
    kIdField,
    kNameField,
    {.name = "container_config",
     .type = FieldType::kJson,
     .required = true,
     .writable = kCU,
     .sentence = "The container's tasks and mounts, in either config format."},
    {.name = "parameters_config",
     .type = FieldType::kJson,
     .required = true,
     .nullable = true,
     .writable = kCU,
     .sentence = "Parameters, written out as YAML before each run; null if there are none."},
    {.name = "image_hash",
     .type = FieldType::kText,
     .max_length = 100,
     .required = true,
     .writable = kCU,
     .sentence = "Digest of the image: of the archive's bytes, or of the registry manifest."},
    {.name = "additional_files_tarball_url",
     .type = FieldType::kText,
     .max_length = 256,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCUO,
     .sentence = "Where the additional files are; empty if there are none."},
    {.name = "additional_files_tarball_hash",
     .type = FieldType::kText,
     .max_length = 100,
     .required = true,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU,
     .sentence = "SHA-256 of the tarball; empty if and only if its address is."},
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

constexpr Field kAssetFields[] = {
    kIdField,
    kNameField,
    {.name = "asset_hash",
     .type = FieldType::kText,
     .max_length = 100,
     .required = true,
     .writable = kCU,
     .sentence = "SHA-256 of the file."},
    {.name = "asset_url",
     .type = FieldType::kText,
     .max_length = 256,
     .required = true,
     .writable = kCUO,
     .sentence = "Where the file is, or the word \"local\"."},
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

constinit const EntityTable kContainerTable = {Entity::kContainer, "ml cube", "mlcubes",
                                               kContainerFields, true};
constinit const EntityTable kAssetTable = {Entity::kAsset, "asset", "assets", kAssetFields, true};

}  // namespace medperf::domain
