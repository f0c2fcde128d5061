// Federated training: aggregators, experiments and their events, as records.

#include "hub/services/training.h"

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/registration.h"
#include "hub/store/lookups.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr domain::Relations kMembers = {Relation::kAdmin, Relation::kOwner,
                                        Relation::kApprovedDatasetOwner,
                                        Relation::kAggregatorOwner};
constexpr domain::Relations kOrganisers = {Relation::kAdmin, Relation::kOwner,
                                           Relation::kAggregatorOwner};

Result<Answer> experiments_of_aggregator(const Call& call) {
  return page_answer(call, rows_with("aggregator", call.ids[0]));
}

Result<Answer> datasets(const Call& call) {
  return page_answer(call, rows_with("training_exp", call.ids[0]));
}

Result<Answer> participants(const Call& call) {
  return page_answer(call, approved_members(kTrainingAssociations, call.ids[0]));
}

Result<Answer> certificates(const Call& call) {
  return page_answer(call, valid_of_approved_owners(kTrainingAssociations, call.ids[0]));
}

Error nothing_there() {
  return make_error(ErrorKind::kNotFound, {}, "Not found.");
}

Result<Answer> aggregator(const Call& call) {
  auto& session = call.context.session;
  MEDPERF_TRY(auto training,
              Repository(Entity::kTraining, call.context.sight()).get(session, call.ids[0]));
  if (training.is_null("aggregator")) return nothing_there();
  MEDPERF_TRY(auto found, Repository(Entity::kAggregator, call.context.sight())
                              .get(session, training.integer("aggregator")));
  return object_answer(call, found);
}

Result<Answer> event(const Call& call) {
  MEDPERF_TRY(auto found, latest_event(call.context.session, call.ids[0]));
  if (!found) return nothing_there();
  return object_answer(call, *found);
}

const Endpoint kEndpoints[] = {
    {.path = "aggregators/",
     .operation = "aggregators_list",
     .who = kSignedInOnly,
     .answer = Entity::kAggregator,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every aggregator.",
     .handler = list_objects},
    {.method = "POST",
     .path = "aggregators/",
     .operation = "aggregators_create",
     .who = kSignedInOnly,
     .body = Entity::kAggregator,
     .answer = Entity::kAggregator,
     .statuses = {201, 400},
     .sentence = "Registers an aggregator.",
     .example = R"({"name": "our aggregator", "aggregation_mlcube": 1, "config":
                    {"address": "aggregator.example.org", "port": 50273, "admin_port": 50274}})",
     .handler = create_object<create_aggregator>},
    {.path = "aggregators/{id}/",
     .operation = "aggregators_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kAggregator,
     .answer = Entity::kAggregator,
     .statuses = {200, 404},
     .sentence = "One aggregator.",
     .handler = get_object},
    {.path = "aggregators/{id}/training_experiments/",
     .operation = "aggregators_training",
     .who = kSignedInOnly,
     .subject = SubjectKind::kAggregator,
     .answer = Entity::kTraining,
     .shape = Shape::kPage,
     .statuses = {200, 404},
     .sentence = "The training experiments that name it.",
     .handler = experiments_of_aggregator},
    {.path = "training/",
     .operation = "training_list",
     .who = kSignedInOnly,
     .answer = Entity::kTraining,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every training experiment.",
     .handler = list_objects},
    {.method = "POST",
     .path = "training/",
     .operation = "training_create",
     .who = kSignedInOnly,
     .body = Entity::kTraining,
     .answer = Entity::kTraining,
     .statuses = {201, 400},
     .sentence = "Registers a training experiment; one may be pending for each owner.",
     .example = R"({"name": "chest x-ray", "demo_dataset_tarball_url": "https://example.org/d.tar",
                    "demo_dataset_tarball_hash": "01", "demo_dataset_generated_uid": "02",
                    "data_preparation_mlcube": 2, "fl_mlcube": 3})",
     .handler = create_object<create_training>},
    {.path = "training/{id}/",
     .operation = "training_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kTraining,
     .statuses = {200, 404},
     .sentence = "One training experiment.",
     .handler = get_object},
    {.method = "PUT",
     .path = "training/{id}/",
     .operation = "training_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kTraining,
     .narrowing_key = "approval_status",
     .narrowed_who = kAdminOnly,
     .body = Entity::kTraining,
     .answer = Entity::kTraining,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes an experiment without a running event; with approval_status it is the "
                 "platform's decision.",
     .example = R"({"plan": {"rounds": 3}})",
     .handler = change_object<update_training>},
    {.method = "DELETE",
     .path = "training/{id}/",
     .operation = "training_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kTraining,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes an experiment that had no event, with its associations.",
     .handler = remove_object<Entity::kTraining>},
    {.path = "training/{id}/datasets/",
     .operation = "training_datasets",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kTrainingAssociation,
     .shape = Shape::kPage,
     .shown = kMemberRow,
     .statuses = {200, 403, 404},
     .sentence = "Every association of a dataset.",
     .handler = datasets},
    {.path = "training/{id}/aggregator/",
     .operation = "training_aggregator",
     .who = kMembers,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kAggregator,
     .statuses = {200, 403, 404},
     .sentence = "The experiment's aggregator, if it has one.",
     .handler = aggregator},
    {.path = "training/{id}/event/",
     .operation = "training_event",
     .who = kMembers,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kTrainingEvent,
     .statuses = {200, 403, 404},
     .sentence = "The experiment's newest event, if there was one.",
     .handler = event},
    {.path = "training/{id}/participants_info/",
     .operation = "training_participants",
     .who = kOrganisers,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kDataset,
     .shape = Shape::kPage,
     .shown = kParticipantRow,
     .expands_owner = true,
     .statuses = {200, 403, 404},
     .sentence = "Owners of the datasets whose association is approved.",
     .handler = participants},
    {.path = "training/{id}/datasets_certificates/",
     .operation = "training_certificates",
     .who = kOrganisers,
     .subject = SubjectKind::kTraining,
     .answer = Entity::kCertificate,
     .shape = Shape::kPage,
     .expands_owner = true,
     .statuses = {200, 403, 404},
     .sentence = "Valid certificates of the owners of approved datasets.",
     .handler = certificates},
    {.path = "training/events/",
     .operation = "training_events_list",
     .who = kAdminOnly,
     .answer = Entity::kTrainingEvent,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Every training event.",
     .handler = list_objects},
    {.method = "POST",
     .path = "training/events/",
     .operation = "training_events_create",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kTraining,
     .ids_in = IdsIn::kBody,
     .body = Entity::kTrainingEvent,
     .answer = Entity::kTrainingEvent,
     .statuses = {201, 400, 403},
     .sentence = "Starts an event of an approved experiment with an aggregator and a plan; one may "
                 "run.",
     .example = R"({"name": "first run", "training_exp": 1,
                    "participants": {"site1": "hospital-a@example.org"}})",
     .handler = create_object<create_training_event>},
    {.path = "training/events/{id}/",
     .operation = "training_events_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kTrainingEvent,
     .answer = Entity::kTrainingEvent,
     .statuses = {200, 404},
     .sentence = "One training event.",
     .handler = get_object},
    {.method = "PUT",
     .path = "training/events/{id}/",
     .operation = "training_events_update",
     .who = {Relation::kAdmin, Relation::kTrainingOwner, Relation::kAggregatorOwner},
     .subject = SubjectKind::kTrainingEvent,
     .body = Entity::kTrainingEvent,
     .answer = Entity::kTrainingEvent,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes an event; with `report` it is finished.",
     .example = R"({"report": {"rounds": 3}})",
     .handler = change_object<update_training_event>},
};

}  // namespace

std::span<const Endpoint> training_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
