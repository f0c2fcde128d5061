#include "domain/tables/common.h"

// Datasets (v0 section 7). The name is not unique; generated_uid is, among OPERATION datasets: the
// store keeps that rule.

namespace medperf::domain {
namespace {

constexpr Field kDatasetFields[] = {
    kIdField,
    text(kName, 128, kCU, "A name for people; it need not be unique."),
    kDescriptionField,
    optional_text("location", 128, kCU, "Where the data was made, as the owner likes to tell it."),
    text("input_data_hash", 128, kCU, "Folder hash of the raw data and labels."),
    text("generated_uid", 128, kCU, "Folder hash of the prepared data and labels."),
    {.name = "split_seed",
     .type = FieldType::kInteger,
     .required = true,
     .writable = kCU,
     .sentence = "Seed of the split into parts; 0 if there was none."},
    saying(kPreparationReference, "The container that prepares this data."),
    {.name = "submitted_as_prepared",
     .type = FieldType::kBoolean,
     .required = true,
     .writable = kCU,
     .sentence = "True if the owner brought prepared data."},
    written(kStateField, kOnUpdate),
    kIsValidField,
    {.name = "generated_metadata",
     .type = FieldType::kJson,
     .default_json = "{}",
     .writable = kCU,
     .sentence = "Statistics of the prepared data."},
    kUserMetadataField,
    {.name = "report",
     .type = FieldType::kJson,
     .max_length = 4 * kJsonBytes,  // a line for each case
     .nullable = true,
     .default_json = "{}",
     .writable = kCU,
     .visibility = Visibility::kPrivate,
     .sentence = "Progress of the preparation."},
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kOrganisationReference,
    kClosedGroupReference,
};

}  // namespace

constinit const EntityTable kDatasetTable = {Entity::kDataset, "dataset", "datasets",
                                             kDatasetFields, true};

}  // namespace medperf::domain
