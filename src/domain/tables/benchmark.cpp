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

constexpr Field kBenchmarkFields[] = {
    kIdField,
    kNameField,
    kDescriptionField,
    kDocsUrlField,
    kDemoUrlField,
    kDemoHashField,
    kDemoUidField,
    kPreparationReference,
    reference("reference_model", Entity::kModel, kCU, "The model every dataset runs first."),
    reference("data_evaluator_mlcube", Entity::kContainer, kCU, "Makes metrics from predictions."),
    kStateField,
    kIsValidField,
    flag("is_active", "true", kCUO, "False while the benchmark takes no results."),
    kMetadataField,
    kUserMetadataField,
    kPlatformsDecision,
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
