// What the caller owns, or acts for as a member of an organisation.

#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;

namespace {

Result<Answer> me(const Call& call) {
  return object_answer(call, call.context.caller.user);
}

Selection own(const Call& call) {
  return rows_acted_for(*call.endpoint.answer, call.context.caller.id());
}

/// Every list of one's own objects: the row says of which entity.
Result<Answer> own_objects(const Call& call) {
  return page_answer(call, own(call));
}

/// Association rows of which the caller owns a side.
Result<Answer> own_associations(const Call& call, const AssociationKind& kind) {
  return page_answer(call, rows_of_either_side(kind, call.context.caller.id()));
}

Result<Answer> own_dataset_associations(const Call& call) {
  return own_associations(call, kDatasetAssociations);
}

Result<Answer> own_model_associations(const Call& call) {
  return own_associations(call, kModelAssociations);
}

Result<Answer> own_training_associations(const Call& call) {
  return own_associations(call, kTrainingAssociations);
}

constexpr std::string_view kCertificateFilters[] = {"name", "owner", "is_valid", "ca", "key_type"};
constexpr std::string_view kEncryptedKeyFilters[] = {"name", "owner", "is_valid", "certificate",
                                                     "container"};

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
     .full_for = kSignedInOnly,
     .answer = Entity::kBenchmark,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's benchmarks.",
     .handler = own_objects},
    {.path = "me/datasets/",
     .operation = "me_datasets",
     .who = kSignedInOnly,
     .full_for = kSignedInOnly,
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
     .nested = true,
     .statuses = {200},
     .sentence = "The caller's models, each with what it wraps.",
     .handler = own_objects},
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
    {.path = "me/cas/",
     .operation = "me_cas",
     .who = kSignedInOnly,
     .answer = Entity::kCa,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's certificate authorities.",
     .handler = own_objects},
    {.path = "me/certificates/",
     .operation = "me_certificates",
     .who = kSignedInOnly,
     .answer = Entity::kCertificate,
     .shape = Shape::kPage,
     .filters = kCertificateFilters,
     .statuses = {200, 400},
     .sentence = "The caller's certificates.",
     .handler = own_objects},
    {.path = "me/encrypted_keys/",
     .operation = "me_encrypted_keys",
     .who = kSignedInOnly,
     .answer = Entity::kEncryptedKey,
     .shape = Shape::kPage,
     .filters = kEncryptedKeyFilters,
     .statuses = {200, 400},
     .sentence = "The container keys that the caller registered.",
     .handler = own_objects},
    {.path = "me/aggregators/",
     .operation = "me_aggregators",
     .who = kSignedInOnly,
     .answer = Entity::kAggregator,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's aggregators.",
     .handler = own_objects},
    {.path = "me/training/",
     .operation = "me_training",
     .who = kSignedInOnly,
     .answer = Entity::kTraining,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's training experiments.",
     .handler = own_objects},
    {.path = "me/training/events/",
     .operation = "me_training_events",
     .who = kSignedInOnly,
     .answer = Entity::kTrainingEvent,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The training events that the caller started.",
     .handler = own_objects},
    {.path = "me/datasets/training_associations/",
     .operation = "me_training_associations",
     .who = kSignedInOnly,
     .answer = Entity::kTrainingAssociation,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every training association row of the caller's datasets and experiments.",
     .handler = own_training_associations},
};

}  // namespace

std::span<const Endpoint> me_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
