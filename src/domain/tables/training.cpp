#include "domain/tables/common.h"

// Federated training as records (v0 section 11): experiments, the aggregators they name, the
// datasets that join them, and the events in which they run.

namespace medperf::domain {
namespace {

constexpr Field kAggregatorFields[] = {
    kIdField,
    kFixedNameField,
    document("config", kOnCreate, "How participants reach it: address, port, admin_port."),
    reference("aggregation_mlcube", Entity::kContainer, kOnCreate, "Runs the aggregation."),
    kFixedIsValidField,
    kFixedMetadataField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kClosedGroupReference,
};

constexpr Field kTrainingFields[] = {
    kIdField,
    kNameField,
    kDescriptionField,
    kDocsUrlField,
    kDemoUrlField,
    kDemoHashField,
    kDemoUidField,
    kPreparationReference,
    reference("fl_mlcube", Entity::kContainer, kCU, "Trains at the participants."),
    optional_reference("fl_admin_mlcube", Entity::kContainer, kCU, "Steers a running training."),
    {.name = "plan",
     .type = FieldType::kJson,
     .nullable = true,
     .writable = kCU,
     .sentence = "The training plan; set before the experiment is in OPERATION."},
    optional_reference("aggregator", Entity::kAggregator, kCU,
                       "Set before the experiment is in OPERATION."),
    kStateField,
    kIsValidField,
    kMetadataField,
    kUserMetadataField,
    kPlatformsDecision,
    kApprovedAtField,
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kClosedGroupReference,
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
    approval_status(kCU, "Decided by the other side."),
    kApprovedAtField,
    kInitiatedByField,
    kCreatedAtField,
    kModifiedAtField,
    read_only(kClosedGroupReference),
};

constexpr Field kTrainingEventFields[] = {
    kIdField,
    kFixedNameField,
    reference("training_exp", Entity::kTraining, kOnCreate, "The experiment that runs."),
    document("participants", kOnCreate,
             "Labels of the participants to the email addresses of their owners."),
    flag(kIsValid, "true", kCU, "False once the event is withdrawn."),
    flag("finished", "false", kReadOnly,
         "True once a report was sent; nothing changes after that."),
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
    read_only(kClosedGroupReference),
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
