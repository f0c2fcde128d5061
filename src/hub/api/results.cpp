// Results, which the existing client calls executions.

#include "hub/services/results.h"

#include "domain/names.h"
#include "hub/api/handlers.h"
#include "hub/api/resources.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr std::string_view kFilters[] = {"name",    "owner",    "benchmark",      "model",
                                         "dataset", "is_valid", "approval_status"};
constexpr domain::Relations kWriters = {Relation::kAdmin, Relation::kDatasetOwner};

Result<Answer> put(const Call& call) {
  const bool decides = call.body.contains(call.endpoint.narrowing_key);
  const auto change = decides ? decide_on_result : update_result;
  MEDPERF_TRY(auto result, change(call.context, call.ids[0], call.body));
  return object_answer(call, result);
}

const Endpoint kEndpoints[] = {
    {.path = "results/",
     .operation = "results_list",
     .who = kAdminOnly,
     .answer = Entity::kResult,
     .shape = Shape::kPage,
     .filters = kFilters,
     .statuses = {200, 400, 403},
     .sentence = "Every result.",
     .handler = list_objects},
    {.method = "POST",
     .path = "results/",
     .operation = "results_create",
     .who = kWriters,
     .subject = SubjectKind::kDataset,
     .ids_in = IdsIn::kBody,
     .body = Entity::kResult,
     .answer = Entity::kResult,
     .statuses = {201, 400, 403},
     .sentence = "Opens a result when a run starts.",
     .example = R"({"benchmark": 1, "model": 2, "dataset": 3})",
     .handler = create_object<create_result>,
     .ahead = expect_result},
    {.path = "results/{id}/",
     .operation = "results_get",
     .who = {Relation::kAdmin, Relation::kDatasetOwner, Relation::kBenchmarkOwner},
     .subject = SubjectKind::kResult,
     .answer = Entity::kResult,
     .statuses = {200, 403, 404},
     .sentence = "One result, for the sides that may see it.",
     .handler = get_object},
    {.method = "PUT",
     .path = "results/{id}/",
     .operation = "results_update",
     .who = kWriters,
     .subject = SubjectKind::kResult,
     .narrowing_key = domain::kApprovalStatus,
     .narrowed_who = {Relation::kAdmin, Relation::kBenchmarkOwner, Relation::kCommitteeMember},
     .narrowed_but = {Relation::kOwner, Relation::kDatasetOwner},
     .body = Entity::kResult,
     .answer = Entity::kResult,
     .statuses = {200, 400, 403, 404},
     .sentence =
         "Reports progress; with `results` the result is final; with `approval_status` alone "
         "it is the benchmark group's decision.",
     .example = R"({"model_report": {"execution_status": "finished"}})",
     .handler = put},
    {.method = "DELETE",
     .path = "results/{id}/",
     .operation = "results_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kResult,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Removes a result.",
     .handler = remove_object<Entity::kResult>},
};

}  // namespace

std::span<const Endpoint> result_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
