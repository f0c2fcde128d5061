// Datasets and models with benchmarks: two kinds of association with the same mechanics.

#include "hub/services/associations.h"

#include <string>

#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr domain::Relations kDatasetSides = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                             Relation::kDatasetOwner};
/// A committee decides for the benchmark, but asks for nothing.
constexpr domain::Relations kDatasetDeciders = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                                Relation::kDatasetOwner,
                                                Relation::kCommitteeMember};
constexpr domain::Relations kModelDeciders = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                              Relation::kModelOwner, Relation::kCommitteeMember};
constexpr domain::Relations kModelSides = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                           Relation::kModelOwner};

constexpr domain::Relations kTrainingSides = {Relation::kAdmin, Relation::kTrainingOwner,
                                              Relation::kDatasetOwner};

/// What the pair endpoints show of a row.
constexpr std::string_view kPairRow[] = {"approval_status", "initiated_by", "approved_at",
                                         "created_at",      "modified_at",  "priority"};

/// How the votes of a committee stand, in the answer to one of them.
constexpr std::string_view kCommitteeStanding = R"({"committee": {"anyOf": [{"type": "null"},
    {"type": "object", "additionalProperties": false,
     "required": ["threshold", "for", "against", "waits_for_other_side"],
     "properties": {"threshold": {"type": "integer"}, "for": {"type": "integer"},
                    "against": {"type": "integer"},
                    "waits_for_other_side": {"type": "boolean"}}}]}})";

const AssociationKind& kind_of(const Call& call) {
  switch (call.endpoint.subject) {
    case SubjectKind::kModelPair:
    case SubjectKind::kModel:
      return kModelAssociations;
    case SubjectKind::kTrainingPair:
      return kTrainingAssociations;
    default:
      return kDatasetAssociations;
  }
}

Result<Answer> create(const Call& call) {
  MEDPERF_TRY(auto row, request_association(call.context, kind_of(call), call.body));
  return created_answer(call, row);
}

Result<Answer> list(const Call& call) {
  return page_answer(call, rows_with(kind_of(call).member_key, call.ids[0]));
}

Result<Answer> get_pair(const Call& call) {
  MEDPERF_TRY(auto rows, pair_rows(call.context.session, call.context.sight(), kind_of(call),
                                   call.ids[0], call.ids[1]));
  return list_answer(call, 200, std::move(rows));
}

Result<Answer> put_pair(const Call& call) {
  MEDPERF_TRY(auto decided,
              decide_association(call.context, kind_of(call), call.ids[0], call.ids[1], call.body));
  MEDPERF_TRY(auto answer, shown_answer(call, std::move(decided.row)));
  if (decided.committee) {
    answer.body.pop_back();  // one more member of the object
    answer.body += ",\"committee\":" + to_text(*decided.committee) + "}";
  }
  return answer;
}

Result<Answer> delete_pair(const Call& call) {
  MEDPERF_CHECK(remove_pair(call.context.session, kind_of(call), call.ids[0], call.ids[1]));
  return no_content();
}

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "datasets/benchmarks/",
     .operation = "dataset_associations_create",
     .who = kDatasetSides,
     .subject = SubjectKind::kDatasetPair,
     .ids_in = IdsIn::kBody,
     .body = Entity::kDatasetAssociation,
     .answer = Entity::kDatasetAssociation,
     .statuses = {201, 400, 403},
     .sentence = "Asks that a dataset may join a benchmark, or revokes an approval.",
     .example = R"({"dataset": 1, "benchmark": 1, "metadata": {}})",
     .handler = create},
    {.path = "datasets/{id}/benchmarks/",
     .operation = "dataset_associations_list",
     .who = {Relation::kAdmin, Relation::kDatasetOwner},
     .subject = SubjectKind::kDataset,
     .answer = Entity::kDatasetAssociation,
     .shape = Shape::kPage,
     .statuses = {200, 403, 404},
     .sentence = "Every association row of a dataset.",
     .handler = list},
    {.path = "datasets/{id}/benchmarks/{other}/",
     .operation = "dataset_associations_get",
     .who = kDatasetDeciders,
     .subject = SubjectKind::kDatasetPair,
     .must_exist = false,
     .answer = Entity::kDatasetAssociation,
     .shape = Shape::kList,
     .shown = kPairRow,
     .statuses = {200, 403},
     .sentence = "Every row of one pair, as a plain array.",
     .handler = get_pair},
    {.method = "PUT",
     .path = "datasets/{id}/benchmarks/{other}/",
     .operation = "dataset_associations_update",
     .who = kDatasetDeciders,
     .subject = SubjectKind::kDatasetPair,
     .must_exist = false,
     .body = Entity::kDatasetAssociation,
     .answer = Entity::kDatasetAssociation,
     .shown = kPairRow,
     .statuses = {200, 400, 403, 404},
     .sentence = "Decides on the newest row of the pair.",
     .example = R"({"approval_status": "APPROVED"})",
     .handler = put_pair,
     .adds = kCommitteeStanding},
    {.method = "DELETE",
     .path = "datasets/{id}/benchmarks/{other}/",
     .operation = "dataset_associations_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kDatasetPair,
     .must_exist = false,
     .shape = Shape::kNone,
     .statuses = {204, 403},
     .sentence = "Removes every row of the pair.",
     .handler = delete_pair},
    {.method = "POST",
     .path = "models/benchmarks/",
     .operation = "model_associations_create",
     .who = kModelSides,
     .subject = SubjectKind::kModelPair,
     .ids_in = IdsIn::kBody,
     .body = Entity::kModelAssociation,
     .answer = Entity::kModelAssociation,
     .statuses = {201, 400, 403},
     .sentence = "Asks that a model may join a benchmark, or revokes an approval.",
     .example = R"({"model": 1, "benchmark": 1, "metadata": {}})",
     .handler = create},
    {.path = "models/{id}/benchmarks/",
     .operation = "model_associations_list",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kModel,
     .answer = Entity::kModelAssociation,
     .shape = Shape::kPage,
     .statuses = {200, 403, 404},
     .sentence = "Every association row of a model.",
     .handler = list},
    {.path = "models/{id}/benchmarks/{other}/",
     .operation = "model_associations_get",
     .who = kModelDeciders,
     .subject = SubjectKind::kModelPair,
     .must_exist = false,
     .answer = Entity::kModelAssociation,
     .shape = Shape::kList,
     .shown = kPairRow,
     .statuses = {200, 403},
     .sentence = "Every row of one pair, as a plain array.",
     .handler = get_pair},
    {.method = "PUT",
     .path = "models/{id}/benchmarks/{other}/",
     .operation = "model_associations_update",
     .who = kModelDeciders,
     .subject = SubjectKind::kModelPair,
     .must_exist = false,
     .narrowing_key = "priority",
     .narrowed_who = {Relation::kAdmin, Relation::kBenchmarkOwner},
     .body = Entity::kModelAssociation,
     .answer = Entity::kModelAssociation,
     .shown = kPairRow,
     .statuses = {200, 400, 403, 404},
     .sentence = "Decides on the newest row of the pair, or sets the model's priority.",
     .example = R"({"approval_status": "APPROVED"})",
     .handler = put_pair,
     .adds = kCommitteeStanding},
    {.method = "DELETE",
     .path = "models/{id}/benchmarks/{other}/",
     .operation = "model_associations_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kModelPair,
     .must_exist = false,
     .shape = Shape::kNone,
     .statuses = {204, 403},
     .sentence = "Removes every row of the pair.",
     .handler = delete_pair},
    {.method = "POST",
     .path = "datasets/training/",
     .operation = "training_associations_create",
     .who = {Relation::kAdmin, Relation::kDatasetOwner},
     .subject = SubjectKind::kTrainingPair,
     .ids_in = IdsIn::kBody,
     .body = Entity::kTrainingAssociation,
     .answer = Entity::kTrainingAssociation,
     .statuses = {201, 400, 403},
     .sentence = "Asks that a dataset may join a training experiment, or revokes an approval.",
     .example = R"({"dataset": 1, "training_exp": 1})",
     .handler = create},
    {.path = "datasets/{id}/training/{other}/",
     .operation = "training_associations_get",
     .who = kTrainingSides,
     .subject = SubjectKind::kTrainingPair,
     .must_exist = false,
     .answer = Entity::kTrainingAssociation,
     .shape = Shape::kList,
     .shown = kPairRow,
     .statuses = {200, 403},
     .sentence = "Every row of one pair, as a plain array.",
     .handler = get_pair},
    {.method = "PUT",
     .path = "datasets/{id}/training/{other}/",
     .operation = "training_associations_update",
     .who = kTrainingSides,
     .subject = SubjectKind::kTrainingPair,
     .must_exist = false,
     .body = Entity::kTrainingAssociation,
     .answer = Entity::kTrainingAssociation,
     .shown = kPairRow,
     .statuses = {200, 400, 403, 404},
     .sentence = "Decides on the newest row of the pair, unless an event is running.",
     .example = R"({"approval_status": "APPROVED"})",
     .handler = put_pair},
    {.method = "DELETE",
     .path = "datasets/{id}/training/{other}/",
     .operation = "training_associations_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kTrainingPair,
     .must_exist = false,
     .shape = Shape::kNone,
     .statuses = {204, 403},
     .sentence = "Removes every row of the pair.",
     .handler = delete_pair},
};

}  // namespace

std::span<const Endpoint> association_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
