#include "domain/tables/common.h"

// Associations (v0 section 9): append-only rows; the newest of a pair says its status.

namespace medperf::domain {
namespace {

constexpr Field kAssociationMetadata =
    document(kMetadata, kOnCreate, "Result of the compatibility test.");
constexpr Field kAssociationStatus =
    approval_status(kCU, "Decided by the other side; the newest row of a pair counts.");
constexpr Field kInitiatedFor = {
    .name = kOrganisationField,
    .type = FieldType::kReference,
    .nullable = true,
    .visibility = Visibility::kWhenSet,
    .target = Entity::kOrganisation,
    .sentence = "The organisation that the user made it for: none of its members decides on it."};

constexpr Field kDatasetAssociationFields[] = {
    kIdField,
    reference("dataset", Entity::kDataset, kOnCreate, "What joins."),
    reference("benchmark", Entity::kBenchmark, kOnCreate, "What it joins."),
    kAssociationMetadata,
    kAssociationStatus,
    kApprovedAtField,
    kInitiatedByField,
    kCreatedAtField,
    kModifiedAtField,
    kInitiatedFor,
    read_only(kClosedGroupReference),
};

constexpr Field kModelAssociationFields[] = {
    kIdField,
    reference("model", Entity::kModel, kOnCreate, "What joins."),
    reference("benchmark", Entity::kBenchmark, kOnCreate, "What it joins."),
    kAssociationMetadata,
    kAssociationStatus,
    {.name = "priority",
     .type = FieldType::kInteger,
     .default_json = "0",
     .writable = kOnUpdate,
     .sentence = "Models with a higher number run first."},
    kApprovedAtField,
    kInitiatedByField,
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
