#include "domain/tables/common.h"

// Datasets (v0 section 7). The name is not unique; generated_uid is, among OPERATION datasets: the
// store keeps that rule.

namespace medperf::domain {
namespace {

constexpr Field kDatasetFields[] = {
    kIdField,
    {.name = kName, .type = FieldType::kText, .max_length = 128, .required = true, .writable = kCU},
    {.name = "description",
     .type = FieldType::kText,
     .max_length = 256,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU},
    {.name = "location",
     .type = FieldType::kText,
     .max_length = 128,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU},
    {.name = "input_data_hash",
     .type = FieldType::kText,
     .max_length = 128,
     .required = true,
     .writable = kCU,
     .sentence = "Folder hash of the raw data and labels."},
    {.name = "generated_uid",
     .type = FieldType::kText,
     .max_length = 128,
     .required = true,
     .writable = kCU,
     .sentence = "Folder hash of the prepared data and labels."},
    {.name = "split_seed", .type = FieldType::kInteger, .required = true, .writable = kCU},
    {.name = "data_preparation_mlcube",
     .type = FieldType::kReference,
     .required = true,
     .writable = kCU,
     .target = Entity::kContainer,
     .sentence = "The container that prepares this data."},
    {.name = "submitted_as_prepared",
     .type = FieldType::kBoolean,
     .required = true,
     .writable = kCU,
     .sentence = "True if the owner brought prepared data."},
    {.name = kState,
     .type = FieldType::kChoice,
     .default_json = "\"DEVELOPMENT\"",
     .writable = kOnUpdate,
     .choices = kStates,
     .sentence = "OPERATION freezes what was registered; there is no way back."},
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
