// What the caller owns.

#include <string>

#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/services/models.h"

namespace medperf::hub {

using domain::Entity;

namespace {

Result<Answer> me(const Call& call) {
  return object_answer(call, call.context.caller.user);
}

Selection own(const Call& call) {
  Selection selection;
  selection.add("owner = ?", call.context.caller.id());
  return selection;
}

/// Every list of one's own objects: the row says of which entity.
Result<Answer> own_objects(const Call& call) {
  return page_answer(call, *call.endpoint.answer, own(call), wire::Form::kFull);
}

Result<Answer> own_models(const Call& call) {
  return page_answer(call, Entity::kModel, own(call), model_rows());
}

Selection on_either_side(const Call& call, std::string_view key, std::string_view table) {
  Selection selection;
  selection.where =
      "(" + std::string(key) + " IN (SELECT id FROM " + std::string(table) +
      " WHERE owner = ?) OR benchmark IN (SELECT id FROM benchmarks WHERE owner = ?))";
  selection.params = {call.context.caller.id(), call.context.caller.id()};
  return selection;
}

Result<Answer> own_dataset_associations(const Call& call) {
  return page_answer(call, Entity::kDatasetAssociation, on_either_side(call, "dataset", "datasets"),
                     wire::Form::kFull);
}

Result<Answer> own_model_associations(const Call& call) {
  return page_answer(call, Entity::kModelAssociation, on_either_side(call, "model", "models"),
                     wire::Form::kFull);
}

const Endpoint kEndpoints[] = {
    {.path = "me/",
     .operation = "me",
     .who = kSignedInOnly,
     .answer = Entity::kUser,
     .statuses = {200},
     .sentence = "The caller's own account.",
     .handler = me},
    {.path = "me/benchmarks/",
     .operation = "me_benchmarks",
     .who = kSignedInOnly,
     .answer = Entity::kBenchmark,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's benchmarks.",
     .handler = own_objects},
    {.path = "me/datasets/",
     .operation = "me_datasets",
     .who = kSignedInOnly,
     .answer = Entity::kDataset,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's datasets.",
     .handler = own_objects},
    {.path = "me/mlcubes/",
     .operation = "me_mlcubes",
     .who = kSignedInOnly,
     .answer = Entity::kContainer,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's containers.",
     .handler = own_objects},
    {.path = "me/assets/",
     .operation = "me_assets",
     .who = kSignedInOnly,
     .answer = Entity::kAsset,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's assets.",
     .handler = own_objects},
    {.path = "me/models/",
     .operation = "me_models",
     .who = kSignedInOnly,
     .answer = Entity::kModel,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's models, each with what it wraps.",
     .handler = own_models},
    {.path = "me/results/",
     .operation = "me_results",
     .who = kSignedInOnly,
     .answer = Entity::kResult,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The results that the caller opened.",
     .handler = own_objects},
    {.path = "me/keys/",
     .operation = "me_keys",
     .who = kSignedInOnly,
     .answer = Entity::kSiteKey,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The public keys that the caller registered.",
     .handler = own_objects},
    {.path = "me/datasets/associations/",
     .operation = "me_dataset_associations",
     .who = kSignedInOnly,
     .answer = Entity::kDatasetAssociation,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every association row of the caller's datasets and benchmarks.",
     .handler = own_dataset_associations},
    {.path = "me/models/associations/",
     .operation = "me_model_associations",
     .who = kSignedInOnly,
     .answer = Entity::kModelAssociation,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every association row of the caller's models and benchmarks.",
     .handler = own_model_associations},
};

}  // namespace

std::span<const Endpoint> me_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
