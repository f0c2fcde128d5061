#include "domain/tables/common.h"

// Results, which the existing client calls executions (v0 section 8). They have no state: an update
// is possible until one carried `results`.

namespace medperf::domain {
namespace {

constexpr Field subject(std::string_view name, Entity target) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = kOnCreate,
          .target = target};
}

constexpr Field document(std::string_view name, bool nullable, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kJson,
          .nullable = nullable,
          .default_json = "{}",
          .writable = kCU,
          .sentence = sentence};
}

constexpr Field kResultFields[] = {
    kIdField,
    {.name = kName,
     .type = FieldType::kText,
     .max_length = 128,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU},
    subject("benchmark", Entity::kBenchmark),
    subject("model", Entity::kModel),
    subject("dataset", Entity::kDataset),
    document("results", false, "The metrics. Sending it in an update makes the result final."),
    document(kMetadata, false, "The signed statement and facts of the run."),
    document(kUserMetadata, false, "The owner's own notes."),
    document("model_report", true, "Status of the model's run."),
    document("evaluation_report", true, "Status of the evaluation."),
    {.name = kIsValid, .type = FieldType::kBoolean, .default_json = "true", .writable = kCU},
    {.name = kApprovalStatus,
     .type = FieldType::kChoice,
     .default_json = "\"PENDING\"",
     .writable = kOnUpdate,
     .choices = kApprovalStatuses,
     .sentence = "The benchmark group's decision on a final result."},
    {.name = "finalized",
     .type = FieldType::kBoolean,
     .default_json = "false",
     .sentence = "True once results were sent; nothing changes after that."},
    {.name = "finalized_at", .type = FieldType::kTime, .nullable = true},
    kApprovedAtField,
    {.name = "compatibility_run",
     .type = FieldType::kBoolean,
     .default_json = "false",
     .sentence = "True if the reference model ran on a dataset that had not joined; never pooled."},
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    read_only(kOrganisationReference),
    read_only(kClosedGroupReference),
};

}  // namespace

constinit const EntityTable kResultTable = {Entity::kResult, "model result", "results",
                                            kResultFields};

}  // namespace medperf::domain
