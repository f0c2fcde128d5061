#include "domain/tables/common.h"

// Federated training as records (v0 section 11): experiments, the aggregators they name, the
// datasets that join them, and the events in which they run.

namespace medperf::domain {
namespace {

constexpr Field text(std::string_view name, int length, unsigned writable,
                     std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kText,
          .max_length = length,
          .required = true,
          .writable = writable,
          .sentence = sentence};
}

constexpr Field optional_text(std::string_view name, int length) {
  return {.name = name,
          .type = FieldType::kText,
          .max_length = length,
          .blank = true,
          .default_json = "\"\"",
          .writable = kCU};
}

constexpr Field reference(std::string_view name, Entity target, unsigned writable,
                          std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = writable,
          .target = target,
          .sentence = sentence};
}

constexpr Field optional_reference(std::string_view name, Entity target,
                                   std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .nullable = true,
          .writable = kCU,
          .target = target,
          .sentence = sentence};
}

constexpr Field kAggregatorFields[] = {
    kIdField,
    kFixedNameField,
    {.name = "config",
     .type = FieldType::kJson,
     .required = true,
     .writable = kOnCreate,
     .sentence = "How participants reach it: address, port, admin_port."},
    reference("aggregation_mlcube", Entity::kContainer, kOnCreate, "Runs the aggregation."),
    kFixedIsValidField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kTrainingFields[] = {
    kIdField,
    kNameField,
    optional_text("description", 256),
    optional_text("docs_url", 100),
    text("demo_dataset_tarball_url", 256, kCUO, "Where the demo data is."),
    text("demo_dataset_tarball_hash", 100, kCU, "SHA-256 of the demo data's archive."),
    text("demo_dataset_generated_uid", 128, kCU, "Folder hash of the prepared demo data."),
    reference("data_preparation_mlcube", Entity::kContainer, kCU, "Prepares raw data."),
    reference("fl_mlcube", Entity::kContainer, kCU, "Trains at the participants."),
    optional_reference("fl_admin_mlcube", Entity::kContainer, "Steers a running training."),
    {.name = "plan",
     .type = FieldType::kJson,
     .nullable = true,
     .writable = kCU,
     .sentence = "The training plan; set before the experiment is in OPERATION."},
    optional_reference("aggregator", Entity::kAggregator,
                       "Set before the experiment is in OPERATION."),
    kStateField,
    kIsValidField,
    kMetadataField,
    kUserMetadataField,
    {.name = kApprovalStatus,
     .type = FieldType::kChoice,
     .default_json = "\"PENDING\"",
     .writable = kOnUpdate | kInOperation,
     .choices = kApprovalStatuses,
     .sentence = "The platform's decision; written by an admin."},
    kApprovedAtField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kTrainingAssociationFields[] = {
    kIdField,
    reference("dataset", Entity::kDataset, kOnCreate, "What joins."),
    reference("training_exp", Entity::kTraining, kOnCreate, "The experiment that it joins."),
    {.name = kMetadata,
     .type = FieldType::kJson,
     .default_json = "{}",
     .writable = kOnCreate,
     .sentence = "Facts recorded with the request."},
    {.name = kApprovalStatus,
     .type = FieldType::kChoice,
     .default_json = "\"PENDING\"",
     .writable = kCU,
     .choices = kApprovalStatuses,
     .sentence = "Decided by the other side."},
    kApprovedAtField,
    {.name = "initiated_by",
     .type = FieldType::kReference,
     .target = Entity::kUser,
     .sentence = "The user who made this row."},
    kCreatedAtField,
    kModifiedAtField,
};

constexpr Field kTrainingEventFields[] = {
    kIdField,
    kFixedNameField,
    reference("training_exp", Entity::kTraining, kOnCreate, "The experiment that runs."),
    {.name = "participants",
     .type = FieldType::kJson,
     .required = true,
     .writable = kOnCreate,
     .sentence = "Labels of the participants to the email addresses of their owners."},
    {.name = kIsValid,
     .type = FieldType::kBoolean,
     .default_json = "true",
     .writable = kCU,
     .sentence = "False once the event is withdrawn."},
    {.name = "finished",
     .type = FieldType::kBoolean,
     .default_json = "false",
     .sentence = "True once a report was sent; nothing changes after that."},
    {.name = "finished_at",
     .type = FieldType::kTime,
     .nullable = true,
     .sentence = "Time of the report, UTC."},
    {.name = "report",
     .type = FieldType::kJson,
     .nullable = true,
     .writable = kOnUpdate,
     .sentence = "What came of the event. Sending it finishes the event."},
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
};

}  // namespace

constinit const EntityTable kAggregatorTable = {Entity::kAggregator, "aggregator", "aggregators",
                                                kAggregatorFields};
constinit const EntityTable kTrainingTable = {Entity::kTraining, "training experiment", "training",
                                              kTrainingFields, true};
constinit const EntityTable kTrainingAssociationTable = {
    Entity::kTrainingAssociation, "experiment dataset", "training_associations",
    kTrainingAssociationFields};
constinit const EntityTable kTrainingEventTable = {Entity::kTrainingEvent, "training event",
                                                   "training_events", kTrainingEventFields};

}  // namespace medperf::domain
