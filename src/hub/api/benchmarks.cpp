// Benchmarks and what belongs to one.

#include "hub/services/benchmarks.h"
#include "hub/services/associations.h"

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/release/aggregate.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr std::string_view kFilters[] = {"name",
                                         "owner",
                                         "state",
                                         "is_valid",
                                         "is_active",
                                         "approval_status",
                                         "data_preparation_mlcube"};

Selection of_benchmark(const Call& call) {
  return rows_with("benchmark", call.ids[0]);
}

/// Association rows: the row says of models or of datasets.
Result<Answer> members(const Call& call) {
  return page_answer(call, of_benchmark(call));
}

Result<Answer> results(const Call& call) {
  return page_answer(call, of_benchmark(call));
}

Result<Answer> participants_info(const Call& call) {
  return page_answer(call, approved_members(kDatasetAssociations, call.ids[0]));
}

Result<Answer> certificates(const Call& call) {
  return page_answer(call, valid_of_approved_owners(kDatasetAssociations, call.ids[0]));
}

Result<Answer> aggregate(const Call& call) {
  const Viewer viewer{call.context.caller.id(), call.relations};
  MEDPERF_TRY(auto report, aggregate_benchmark(call.context.session, call.ids[0], viewer));
  return json_answer(report);
}

Result<Answer> demo_runs(const Call& call) {
  MEDPERF_TRY(auto claims, claimed_demo_runs(call.context, call.ids[0]));
  return json_answer(claims);
}

const Endpoint kEndpoints[] = {
    {.path = "benchmarks/",
     .operation = "benchmarks_list",
     .who = kSignedInOnly,
     .answer = Entity::kBenchmark,
     .shape = Shape::kPage,
     .filters = kFilters,
     .statuses = {200, 400},
     .sentence = "Every benchmark, without allow lists.",
     .handler = list_objects},
    {.method = "POST",
     .path = "benchmarks/",
     .operation = "benchmarks_create",
     .who = kSignedInOnly,
     .full_for = kSignedInOnly,
     .body = Entity::kBenchmark,
     .answer = Entity::kBenchmark,
     .statuses = {201, 400},
     .sentence = "Registers a benchmark; one may be pending for each owner.",
     .example = R"({"name": "chest x-ray", "demo_dataset_tarball_url": "https://example.org/d.tar",
                    "demo_dataset_tarball_hash": "01", "demo_dataset_generated_uid": "02",
                    "data_preparation_mlcube": 2, "reference_model": 1,
                    "data_evaluator_mlcube": 3})",
     .handler = create_object<create_benchmark>},
    {.path = "benchmarks/{id}/",
     .operation = "benchmarks_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kBenchmark,
     .full_for = {Relation::kOwner},
     .answer = Entity::kBenchmark,
     .statuses = {200, 404},
     .sentence = "One benchmark; allow lists for its owner.",
     .handler = get_object},
    {.method = "PUT",
     .path = "benchmarks/{id}/",
     .operation = "benchmarks_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kBenchmark,
     .narrowing_key = "approval_status",
     .narrowed_who = kAdminOnly,
     .full_for = kSignedInOnly,
     .body = Entity::kBenchmark,
     .answer = Entity::kBenchmark,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes a benchmark; with approval_status it is the platform's decision.",
     .example = R"({"state": "OPERATION"})",
     .handler = change_object<update_benchmark>},
    {.method = "DELETE",
     .path = "benchmarks/{id}/",
     .operation = "benchmarks_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Removes a benchmark with its associations and results.",
     .handler = remove_object<Entity::kBenchmark>},
    {.path = "benchmarks/{id}/models/",
     .operation = "benchmarks_models",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedDatasetOwner},
     .subject = SubjectKind::kBenchmark,
     .answer = Entity::kModelAssociation,
     .shape = Shape::kPage,
     .shown = kMemberRow,
     .statuses = {200, 403, 404},
     .sentence = "Every association of a model, the highest priority first.",
     .handler = members},
    {.path = "benchmarks/{id}/demo_runs/",
     .operation = "benchmarks_demo_runs",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedDatasetOwner},
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence =
         "What each model took on the demo data, by the word of whoever asked for it to join.",
     .example = R"([{"model": 2, "demo_run": {"medperf": "medperf/run-figures/v1", "cases": 20,
                    "seconds": 4.5, "peak_memory_bytes": 310000000, "output_bytes": 1200,
                    "on": "demo data"}}])",
     .handler = demo_runs,
     .schema = R"({"type": "array", "items": {
                     "type": "object", "required": ["model", "demo_run"],
                     "properties": {"model": {"type": "integer"},
                                    "demo_run": {"type": "object", "description":
                                      "medperf/run-figures/v1, as it was sent; nobody checked it."}
                                    }}})"},
    {.path = "benchmarks/{id}/datasets/",
     .operation = "benchmarks_datasets",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedModelOwner},
     .subject = SubjectKind::kBenchmark,
     .answer = Entity::kDatasetAssociation,
     .shape = Shape::kPage,
     .shown = kMemberRow,
     .statuses = {200, 403, 404},
     .sentence = "Every association of a dataset.",
     .handler = members},
    {.path = "benchmarks/{id}/results/",
     .operation = "benchmarks_results",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kBenchmark,
     .answer = Entity::kResult,
     .shape = Shape::kPage,
     .statuses = {200, 403, 404},
     .sentence = "Every result of the benchmark.",
     .handler = results},
    {.path = "benchmarks/{id}/participants_info/",
     .operation = "benchmarks_participants",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kBenchmark,
     .answer = Entity::kDataset,
     .shape = Shape::kPage,
     .shown = kParticipantRow,
     .expands_owner = true,
     .statuses = {200, 403, 404},
     .sentence = "Owners of the datasets whose association is approved.",
     .handler = participants_info},
    {.path = "benchmarks/{id}/datasets_certificates/",
     .operation = "benchmarks_certificates",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedModelOwner},
     .subject = SubjectKind::kBenchmark,
     .answer = Entity::kCertificate,
     .shape = Shape::kPage,
     .expands_owner = true,
     .statuses = {200, 403, 404},
     .sentence = "Valid certificates of the owners of approved datasets.",
     .handler = certificates},
    {.path = "benchmarks/{id}/aggregate/",
     .operation = "benchmarks_aggregate",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedDatasetOwner,
             Relation::kApprovedModelOwner, Relation::kCommitteeMember},
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence =
         "Each model at each site and over all sites, as far as the release policy shows it "
         "to the caller.",
     .example = R"({"benchmark": 1, "figures": [], "models": [], "statement": ""})",
     .handler = aggregate,
     .schema = R"({"type": "object", "required": ["benchmark", "figures", "models", "statement"],
                   "properties": {
                     "benchmark": {"type": "integer"}, "statement": {"type": "string"},
                     "figures": {"type": "array", "items": {
                       "type": "object",
                       "required": ["key", "name", "direction", "unit", "merge", "ranking"],
                       "properties": {
                         "key": {"type": "string"}, "name": {"type": "string"},
                         "direction": {"type": "string"}, "unit": {"type": "string"},
                         "merge": {"type": "string"}, "ranking": {"type": "boolean"}}}},
                     "models": {"type": "array", "items": {
                       "type": "object", "required": ["id", "name", "reference", "sites", "pooled"],
                       "properties": {
                         "id": {"type": "integer"}, "name": {"type": "string"},
                         "reference": {"type": "boolean"}, "pooled": {"type": ["object", "null"], "properties": {
                           "figures": {"type": "object"}, "cases": {"type": ["object", "null"]},
                           "heterogeneity": {"type": ["object", "null"]},
                           "warnings": {"type": "array", "items": {"type": "string"}}}},
                         "sites": {"type": "array", "items": {
                           "type": "object",
                           "required": ["dataset", "site", "result", "signed", "figures"],
                           "properties": {
                             "dataset": {"type": "integer"}, "site": {"type": "string"},
                             "result": {"type": "integer"}, "signed": {"type": "boolean"},
                             "figures": {"type": "object"}}}}}}}}})"},
};

}  // namespace

std::span<const Endpoint> benchmark_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
