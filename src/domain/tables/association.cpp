#include "domain/tables/common.h"

// Associations (v0 section 9): append-only rows; the newest of a pair says its status.

namespace medperf::domain {
namespace {

constexpr Field kAssociationMetadata = {.name = kMetadata,
                                        .type = FieldType::kJson,
                                        .required = true,
                                        .writable = kOnCreate,
                                        .sentence = "Result of the compatibility test."};
constexpr Field kAssociationStatus = {.name = kApprovalStatus,
                                      .type = FieldType::kChoice,
                                      .default_json = "\"PENDING\"",
                                      .writable = kCU,
                                      .choices = kApprovalStatuses};
constexpr Field kInitiatedBy = {.name = "initiated_by",
                                .type = FieldType::kReference,
                                .target = Entity::kUser,
                                .sentence = "The user who made this row."};
constexpr Field kInitiatedFor = {
    .name = kOrganisationField,
    .type = FieldType::kReference,
    .nullable = true,
    .visibility = Visibility::kWhenSet,
    .target = Entity::kOrganisation,
    .sentence = "The organisation that the user made it for: none of its members decides on it."};

constexpr Field side(std::string_view name, Entity target) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = kOnCreate,
          .target = target};
}

constexpr Field kDatasetAssociationFields[] = {
    kIdField,
    side("dataset", Entity::kDataset),
    side("benchmark", Entity::kBenchmark),
    kAssociationMetadata,
    kAssociationStatus,
    kApprovedAtField,
    kInitiatedBy,
    kCreatedAtField,
    kModifiedAtField,
    kInitiatedFor,
    read_only(kClosedGroupReference),
};

constexpr Field kModelAssociationFields[] = {
    kIdField,
    side("model", Entity::kModel),
    side("benchmark", Entity::kBenchmark),
    kAssociationMetadata,
    kAssociationStatus,
    {.name = "priority",
     .type = FieldType::kInteger,
     .default_json = "0",
     .writable = kOnUpdate,
     .sentence = "Models with a higher number run first."},
    kApprovedAtField,
    kInitiatedBy,
    kCreatedAtField,
    kModifiedAtField,
    kInitiatedFor,
    read_only(kClosedGroupReference),
};

}  // namespace

constinit const EntityTable kDatasetAssociationTable = {Entity::kDatasetAssociation,
                                                        "benchmark dataset", "dataset_associations",
                                                        kDatasetAssociationFields};
constinit const EntityTable kModelAssociationTable = {
    Entity::kModelAssociation, "benchmark model", "model_associations", kModelAssociationFields};

}  // namespace medperf::domain
