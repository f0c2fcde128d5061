#include "domain/tables/common.h"

// Results, which the existing client calls executions (v0 section 8). They have no state: an update
// is possible until one carried `results`.

namespace medperf::domain {
namespace {

constexpr Field optional_document(std::string_view name, bool nullable, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kJson,
          .nullable = nullable,
          .default_json = "{}",
          .writable = kCU,
          .sentence = sentence};
}

constexpr Field kResultFields[] = {
    kIdField,
    optional_text(kName, 128, kCU, "A name for people; it need not be unique."),
    reference("benchmark", Entity::kBenchmark, kOnCreate, "What was asked."),
    reference("model", Entity::kModel, kOnCreate, "What was evaluated."),
    reference("dataset", Entity::kDataset, kOnCreate, "What it was evaluated on."),
    optional_document("results", false,
                      "The metrics. Sending it in an update makes the result final."),
    optional_document(kMetadata, false, "The signed statement and facts of the run."),
    optional_document(kUserMetadata, false, "The owner's own notes."),
    optional_document("model_report", true, "Status of the model's run."),
    optional_document("evaluation_report", true, "Status of the evaluation."),
    flag(kIsValid, "true", kCU, "False once the owner has withdrawn it."),
    approval_status(kOnUpdate, "The benchmark group's decision on a final result."),
    flag("finalized", "false", kReadOnly,
         "True once results were sent; nothing changes after that."),
    {.name = "finalized_at",
     .type = FieldType::kTime,
     .nullable = true,
     .sentence = "Time when results were sent, UTC."},
    kApprovedAtField,
    flag("compatibility_run", "false", kReadOnly,
         "True if the reference model ran on a dataset that had not joined; never pooled."),
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
