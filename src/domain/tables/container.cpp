#include "domain/tables/common.h"

// Containers and assets (v0 sections 3 and 4).

namespace medperf::domain {
namespace {

constexpr auto kContainerFields = joined(
    std::array{
        kIdField,
        kNameField,
        document("container_config", kCU,
                 "The container's tasks and mounts, in either config format."),
        Field{
            .name = "parameters_config",
            .type = FieldType::kJson,
            .required = true,
            .nullable = true,
            .writable = kCU,
            .sentence = "Parameters, written out as YAML before each run; null if there are none."},
        text("image_hash", 100, kCU,
             "Digest of the image: of the archive's bytes, or of the registry manifest."),
        optional_text("additional_files_tarball_url", 256, kCUO,
                      "Where the additional files are; empty if there are none."),
        Field{.name = "additional_files_tarball_hash",
              .type = FieldType::kText,
              .max_length = 100,
              .required = true,
              .blank = true,
              .default_json = "\"\"",
              .writable = kCU,
              .sentence = "SHA-256 of the tarball; empty if and only if its address is."},
    },
    kRegisteredRows);

constexpr auto kAssetFields = joined(
    std::array{
        kIdField,
        kNameField,
        text("asset_hash", 100, kCU, "SHA-256 of the file."),
        text("asset_url", 256, kCUO, "Where the file is, or the word \"local\"."),
    },
    kRegisteredRows);

}  // namespace

constinit const EntityTable kContainerTable = {Entity::kContainer, "ml cube", "mlcubes",
                                               kContainerFields, true};
constinit const EntityTable kAssetTable = {Entity::kAsset, "asset", "assets", kAssetFields, true};

}  // namespace medperf::domain
