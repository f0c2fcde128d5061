// Datasets: hashes and statistics of data that stays where it is.

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/registration.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

const Endpoint kEndpoints[] = {
    {.path = "datasets/",
     .operation = "datasets_list",
     .who = kSignedInOnly,
     .answer = Entity::kDataset,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every dataset, without reports.",
     .handler = list_objects},
    {.method = "POST",
     .path = "datasets/",
     .operation = "datasets_create",
     .who = kSignedInOnly,
     .full_for = kSignedInOnly,
     .body = Entity::kDataset,
     .answer = Entity::kDataset,
     .statuses = {201, 400},
     .sentence = "Registers a dataset by its hashes.",
     .example = R"({"name": "hospital A", "input_data_hash": "01", "generated_uid": "02",
                    "split_seed": 0, "data_preparation_mlcube": 1,
                    "submitted_as_prepared": false})",
     .handler = create_object<create_dataset>},
    {.path = "datasets/{id}/",
     .operation = "datasets_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kDataset,
     .full_for = {Relation::kOwner, Relation::kPreparatorOwner},
     .answer = Entity::kDataset,
     .statuses = {200, 404},
     .sentence = "One dataset; its report for its owner and the preparation container's.",
     .handler = get_object},
    {.method = "PUT",
     .path = "datasets/{id}/",
     .operation = "datasets_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kDataset,
     .full_for = kSignedInOnly,
     .body = Entity::kDataset,
     .answer = Entity::kDataset,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes a dataset; in the state OPERATION only what stays open.",
     .example = R"({"state": "OPERATION"})",
     .handler = change_object<update_dataset>},
    {.method = "DELETE",
     .path = "datasets/{id}/",
     .operation = "datasets_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kDataset,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes a dataset that nothing refers to.",
     .handler = remove_object<Entity::kDataset>},
};

}  // namespace

std::span<const Endpoint> dataset_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
