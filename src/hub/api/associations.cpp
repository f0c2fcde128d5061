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
constexpr domain::Relations kModelSides = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                           Relation::kModelOwner};
constexpr domain::Relations kDatasetOwners = {Relation::kAdmin, Relation::kDatasetOwner};
/// A committee decides for the benchmark, but asks for nothing.
constexpr domain::Relations kDatasetDeciders = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                                Relation::kDatasetOwner,
                                                Relation::kCommitteeMember};
constexpr domain::Relations kModelDeciders = {Relation::kAdmin, Relation::kBenchmarkOwner,
                                              Relation::kModelOwner, Relation::kCommitteeMember};
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

/// What the rows of one kind of pair have in common.
struct Pairs {
  SubjectKind subject;
  Entity entity;
};
constexpr Pairs kDatasetPairs = {SubjectKind::kDatasetPair, Entity::kDatasetAssociation};
constexpr Pairs kModelPairs = {SubjectKind::kModelPair, Entity::kModelAssociation};
constexpr Pairs kTrainingPairs = {SubjectKind::kTrainingPair, Entity::kTrainingAssociation};

constexpr Endpoint asking(const Pairs& pairs, Endpoint row) {
  row.method = "POST";
  row.subject = pairs.subject;
  row.ids_in = IdsIn::kBody;
  row.body = row.answer = pairs.entity;
  row.statuses = {201, 400, 403};
  row.handler = create;
  return row;
}

constexpr Endpoint listing(const Pairs& pairs, Endpoint row) {
  row.answer = pairs.entity;
  row.shape = Shape::kPage;
  row.statuses = {200, 403, 404};
  row.handler = list;
  return row;
}

constexpr Endpoint showing(const Pairs& pairs, Endpoint row) {
  row.subject = pairs.subject;
  row.must_exist = false;
  row.answer = pairs.entity;
  row.shape = Shape::kList;
  row.shown = kPairRow;
  row.statuses = {200, 403};
  row.sentence = "Every row of one pair, as a plain array.";
  row.handler = get_pair;
  return row;
}

constexpr Endpoint deciding(const Pairs& pairs, Endpoint row) {
  row.method = "PUT";
  row.subject = pairs.subject;
  row.must_exist = false;
  row.body = row.answer = pairs.entity;
  row.shown = kPairRow;
  row.statuses = {200, 400, 403, 404};
  row.example = R"({"approval_status": "APPROVED"})";
  row.handler = put_pair;
  return row;
}

constexpr Endpoint removing(const Pairs& pairs, Endpoint row) {
  row.method = "DELETE";
  row.subject = pairs.subject;
  row.must_exist = false;
  row.shape = Shape::kNone;
  row.statuses = {204, 403};
  row.sentence = "Removes every row of the pair.";
  row.handler = delete_pair;
  return row;
}

const Endpoint kEndpoints[] = {
    asking(kDatasetPairs,
           {.path = "datasets/benchmarks/",
            .operation = "dataset_associations_create",
            .who = kDatasetSides,
            .sentence = "Asks that a dataset may join a benchmark, or revokes an approval.",
            .example = R"({"dataset": 1, "benchmark": 1, "metadata": {}})"}),
    listing(kDatasetPairs, {.path = "datasets/{id}/benchmarks/",
                            .operation = "dataset_associations_list",
                            .who = kDatasetOwners,
                            .subject = SubjectKind::kDataset,
                            .sentence = "Every association row of a dataset."}),
    showing(kDatasetPairs, {.path = "datasets/{id}/benchmarks/{other}/",
                            .operation = "dataset_associations_get",
                            .who = kDatasetDeciders}),
    deciding(kDatasetPairs, {.path = "datasets/{id}/benchmarks/{other}/",
                             .operation = "dataset_associations_update",
                             .who = kDatasetDeciders,
                             .sentence = "Decides on the newest row of the pair.",
                             .adds = kCommitteeStanding}),
    removing(kDatasetPairs, {.path = "datasets/{id}/benchmarks/{other}/",
                             .operation = "dataset_associations_delete",
                             .who = kAdminOnly}),
    asking(kModelPairs,
           {.path = "models/benchmarks/",
            .operation = "model_associations_create",
            .who = kModelSides,
            .sentence = "Asks that a model may join a benchmark, or revokes an approval.",
            .example = R"({"model": 1, "benchmark": 1, "metadata": {}})"}),
    listing(kModelPairs, {.path = "models/{id}/benchmarks/",
                          .operation = "model_associations_list",
                          .who = kAdminOrOwner,
                          .subject = SubjectKind::kModel,
                          .sentence = "Every association row of a model."}),
    showing(kModelPairs, {.path = "models/{id}/benchmarks/{other}/",
                          .operation = "model_associations_get",
                          .who = kModelDeciders}),
    deciding(kModelPairs,
             {.path = "models/{id}/benchmarks/{other}/",
              .operation = "model_associations_update",
              .who = kModelDeciders,
              .narrowing_key = "priority",
              .narrowed_who = {Relation::kAdmin, Relation::kBenchmarkOwner},
              .sentence = "Decides on the newest row of the pair, or sets the model's priority.",
              .adds = kCommitteeStanding}),
    removing(kModelPairs, {.path = "models/{id}/benchmarks/{other}/",
                           .operation = "model_associations_delete",
                           .who = kAdminOnly}),
    asking(
        kTrainingPairs,
        {.path = "datasets/training/",
         .operation = "training_associations_create",
         .who = kDatasetOwners,
         .sentence = "Asks that a dataset may join a training experiment, or revokes an approval.",
         .example = R"({"dataset": 1, "training_exp": 1})"}),
    showing(kTrainingPairs, {.path = "datasets/{id}/training/{other}/",
                             .operation = "training_associations_get",
                             .who = kTrainingSides}),
    deciding(kTrainingPairs,
             {.path = "datasets/{id}/training/{other}/",
              .operation = "training_associations_update",
              .who = kTrainingSides,
              .sentence = "Decides on the newest row of the pair, unless an event is running."}),
    removing(kTrainingPairs, {.path = "datasets/{id}/training/{other}/",
                              .operation = "training_associations_delete",
                              .who = kAdminOnly}),
};

}  // namespace

std::span<const Endpoint> association_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
