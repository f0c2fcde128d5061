#include "domain/tables/common.h"

// Benchmarks (v0 section 6).

namespace medperf::domain {
namespace {

constexpr Field auto_approval_mode(std::string_view name) {
  return {.name = name,
          .type = FieldType::kChoice,
          .default_json = "\"NEVER\"",
          .writable = kCUO,
          .choices = kAutoApprovalModes,
          .sentence = "Which requests are approved without a person."};
}

constexpr Field allow_list(std::string_view name) {
  return {.name = name,
          .type = FieldType::kJson,
          .default_json = "[]",
          .writable = kCUO,
          .visibility = Visibility::kPrivate,
          .sentence = "Email addresses whose requests are approved in the mode ALLOWLIST.",
          .text_list = true};
}

constexpr Field component(std::string_view name, Entity target, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = kCU,
          .target = target,
          .sentence = sentence};
}

constexpr Field kBenchmarkFields[] = {
    kIdField,
    kNameField,
    {.name = "description",
     .type = FieldType::kText,
     .max_length = 256,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU},
    {.name = "docs_url",
     .type = FieldType::kText,
     .max_length = 100,
     .blank = true,
     .default_json = "\"\"",
     .writable = kCU},
    {.name = "demo_dataset_tarball_url",
     .type = FieldType::kText,
     .max_length = 256,
     .required = true,
     .writable = kCUO,
     .sentence = "Where the demo data is."},
    {.name = "demo_dataset_tarball_hash",
     .type = FieldType::kText,
     .max_length = 100,
     .required = true,
     .writable = kCU,
     .sentence = "SHA-256 of the demo data's archive."},
    {.name = "demo_dataset_generated_uid",
     .type = FieldType::kText,
     .max_length = 128,
     .required = true,
     .writable = kCU,
     .sentence = "Folder hash of the prepared demo data."},
    component("data_preparation_mlcube", Entity::kContainer, "Prepares raw data."),
    component("reference_model", Entity::kModel, "The model every dataset runs first."),
    component("data_evaluator_mlcube", Entity::kContainer, "Makes metrics from predictions."),
    kStateField,
    kIsValidField,
    {.name = "is_active",
     .type = FieldType::kBoolean,
     .default_json = "true",
     .writable = kCUO,
     .sentence = "False while the benchmark takes no results."},
    kMetadataField,
    kUserMetadataField,
    {.name = kApprovalStatus,
     .type = FieldType::kChoice,
     .default_json = "\"PENDING\"",
     .writable = kOnUpdate | kInOperation,
     .choices = kApprovalStatuses,
     .sentence = "The platform's decision; written by an admin."},
    kApprovedAtField,
    auto_approval_mode("dataset_auto_approval_mode"),
    allow_list("dataset_auto_approval_allow_list"),
    auto_approval_mode("model_auto_approval_mode"),
    allow_list("model_auto_approval_allow_list"),
    kOwnerReference,
    kCreatedAtField,
    kModifiedAtField,
    kOrganisationReference,
    kClosedGroupReference,
};

}  // namespace

constinit const EntityTable kBenchmarkTable = {Entity::kBenchmark, "benchmark", "benchmarks",
                                               kBenchmarkFields, true};

}  // namespace medperf::domain
