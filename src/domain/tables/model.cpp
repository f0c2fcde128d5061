#include "domain/tables/common.h"

// Models (v0 section 5): a name for exactly one container or one asset.

namespace medperf::domain {
namespace {

constexpr auto kModelFields = joined(
    std::array{
        kIdField,
        kNameField,
        Field{.name = "type",
              .type = FieldType::kChoice,
              .required = true,
              .writable = kCU,
              .choices = kModelTypes,
              .sentence = "What it wraps."},
        optional_reference(
            "container", Entity::kContainer, kCU,
            "The wrapped container; null for an asset. Nested on create and in answers."),
        optional_reference(
            "asset", Entity::kAsset, kCU,
            "The wrapped asset; null for a container. Nested on create and in answers."),
    },
    kRegisteredRows);

}  // namespace

constinit const EntityTable kModelTable = {Entity::kModel, "model", "models", kModelFields, true};

}  // namespace medperf::domain
