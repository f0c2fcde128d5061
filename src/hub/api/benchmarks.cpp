// Benchmarks and what belongs to one.

#include "hub/services/benchmarks.h"

#include <string>

#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/release/aggregate.h"
#include "hub/services/steps.h"
#include "hub/store/associations.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;
using domain::Relation;

namespace {

constexpr std::string_view kFilters[] = {"name",
                                         "owner",
                                         "state",
                                         "is_valid",
                                         "is_active",
                                         "approval_status",
                                         "data_preparation_mlcube"};

Result<Answer> list(const Call& call) {
  return page_answer(call, Entity::kBenchmark, {}, wire::Form::kPublic);
}

Result<Answer> create(const Call& call) {
  MEDPERF_TRY(auto benchmark, create_benchmark(call.context, call.body));
  return created_answer(call, benchmark);
}

Result<Answer> get(const Call& call) {
  MEDPERF_TRY(auto benchmark,
              Repository(Entity::kBenchmark).get(call.context.session, call.ids[0]));
  return object_answer(call, benchmark);
}

Result<Answer> put(const Call& call) {
  MEDPERF_TRY(auto benchmark, update_benchmark(call.context, call.ids[0], call.body));
  return object_answer(call, benchmark);
}

Result<Answer> remove(const Call& call) {
  MEDPERF_CHECK(delete_object(call.context, Entity::kBenchmark, call.ids[0]));
  return no_content();
}

Selection of_benchmark(const Call& call) {
  Selection selection;
  selection.add("benchmark = ?", call.ids[0]);
  return selection;
}

Result<Answer> members(const Call& call, const AssociationKind& kind) {
  const auto write = [&kind](sql::Session&,
                             std::vector<Record> rows) -> Result<std::vector<std::string>> {
    std::vector<std::string> texts;
    texts.reserve(rows.size());
    for (const auto& row : rows) {
      const Json whole = wire::write_json(row, wire::Form::kFull);
      Json shown = Json::object();
      for (const auto key :
           {kind.member_key, std::string_view("approval_status"), std::string_view("created_at")}) {
        shown.set(key, *whole.find(key));
      }
      texts.push_back(to_text(shown));
    }
    return texts;
  };
  return page_answer(call, kind.entity, of_benchmark(call), write);
}

Result<Answer> models(const Call& call) {
  return members(call, kModelAssociations);
}
Result<Answer> datasets(const Call& call) {
  return members(call, kDatasetAssociations);
}

Result<Answer> results(const Call& call) {
  return page_answer(call, Entity::kResult, of_benchmark(call), wire::Form::kFull);
}

/// {"id": dataset, "owner": its owner's account} of the datasets with an approved association.
Result<Answer> participants_info(const Call& call) {
  Selection approved;
  approved.add(approved_members_condition(kDatasetAssociations), call.ids[0]);
  approved.order = "id";
  const auto write = [](sql::Session& session,
                        std::vector<Record> rows) -> Result<std::vector<std::string>> {
    std::vector<std::string> texts;
    for (const auto& dataset : rows) {
      MEDPERF_TRY(auto owner, Repository(Entity::kUser).get(session, dataset.owner()));
      texts.push_back("{\"id\":" + std::to_string(dataset.id()) +
                      ",\"owner\":" + wire::write_text(owner, wire::Form::kFull) + "}");
    }
    return texts;
  };
  return page_answer(call, Entity::kDataset, std::move(approved), write);
}

Result<Answer> aggregate(const Call& call) {
  const Viewer viewer{call.context.caller.id(), call.relations};
  MEDPERF_TRY(auto report, aggregate_benchmark(call.context.session, call.ids[0], viewer));
  return json_answer(report);
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
     .handler = list},
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
     .handler = create},
    {.path = "benchmarks/{id}/",
     .operation = "benchmarks_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kBenchmark,
     .full_for = {Relation::kOwner},
     .answer = Entity::kBenchmark,
     .statuses = {200, 404},
     .sentence = "One benchmark; allow lists for its owner.",
     .handler = get},
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
     .handler = put},
    {.method = "DELETE",
     .path = "benchmarks/{id}/",
     .operation = "benchmarks_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Removes a benchmark with its associations and results.",
     .handler = remove},
    {.path = "benchmarks/{id}/models/",
     .operation = "benchmarks_models",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedDatasetOwner},
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "Every association of a model, the highest priority first.",
     .example = R"({"count": 0, "next": null, "previous": null, "results": []})",
     .handler = models},
    {.path = "benchmarks/{id}/datasets/",
     .operation = "benchmarks_datasets",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedModelOwner},
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "Every association of a dataset.",
     .example = R"({"count": 0, "next": null, "previous": null, "results": []})",
     .handler = datasets},
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
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "Owners of the datasets whose association is approved.",
     .example = R"({"count": 0, "next": null, "previous": null, "results": []})",
     .handler = participants_info},
    {.path = "benchmarks/{id}/aggregate/",
     .operation = "benchmarks_aggregate",
     .who = {Relation::kAdmin, Relation::kOwner, Relation::kApprovedDatasetOwner,
             Relation::kApprovedModelOwner},
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence =
         "Each model at each site and over all sites, as far as the release policy shows it "
         "to the caller.",
     .example = R"({"benchmark": 1, "models": [], "statement": ""})",
     .handler = aggregate},
};

}  // namespace

std::span<const Endpoint> benchmark_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
