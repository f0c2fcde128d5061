// Containers.

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/models.h"
#include "hub/services/registration.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kFilters[] = {"name", "owner", "state", "is_valid"};

Result<Answer> datasets(const Call& call) {
  return page_answer(call, rows_with("data_preparation_mlcube", call.ids[0]));
}

Result<Answer> model(const Call& call) {
  MEDPERF_TRY(auto found, model_of(call.context, Entity::kContainer, call.ids[0]));
  return Answer{200, wire::write_text(found), {}};
}

const Endpoint kEndpoints[] = {
    {.path = "mlcubes/",
     .operation = "mlcubes_list",
     .who = kSignedInOnly,
     .answer = Entity::kContainer,
     .shape = Shape::kPage,
     .filters = kFilters,
     .statuses = {200, 400},
     .sentence = "Every container.",
     .handler = list_objects},
    {.method = "POST",
     .path = "mlcubes/",
     .operation = "mlcubes_create",
     .who = kSignedInOnly,
     .body = Entity::kContainer,
     .answer = Entity::kContainer,
     .statuses = {201, 400},
     .sentence = "Registers a container by its digests.",
     .example = R"({"name": "preparation", "container_config":
                    {"container_type": "DockerImage", "image": "docker.io/group/preparation:1"},
                    "parameters_config": {}, "image_hash": "sha256:0123",
                    "additional_files_tarball_hash": ""})",
     .handler = create_object<create_container>},
    {.path = "mlcubes/{id}/",
     .operation = "mlcubes_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kContainer,
     .answer = Entity::kContainer,
     .statuses = {200, 404},
     .sentence = "One container.",
     .handler = get_object},
    {.method = "PUT",
     .path = "mlcubes/{id}/",
     .operation = "mlcubes_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kContainer,
     .body = Entity::kContainer,
     .answer = Entity::kContainer,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes a container; in the state OPERATION only what stays open.",
     .example = R"({"is_valid": false})",
     .handler = change_object<update_container>},
    {.method = "DELETE",
     .path = "mlcubes/{id}/",
     .operation = "mlcubes_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kContainer,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes a container that nothing refers to.",
     .handler = remove_object<Entity::kContainer>},
    {.path = "mlcubes/{id}/datasets/",
     .operation = "mlcubes_datasets",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kContainer,
     .must_exist = false,
     .full_for = kAdminOrOwner,
     .answer = Entity::kDataset,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Datasets prepared with it, with their reports.",
     .handler = datasets},
    {.path = "mlcubes/{id}/model/",
     .operation = "mlcubes_model",
     .who = kSignedInOnly,
     .subject = SubjectKind::kContainer,
     .answer = Entity::kModel,
     .nested = true,
     .statuses = {200, 404},
     .sentence = "The model that wraps this container.",
     .handler = model},
};

}  // namespace

std::span<const Endpoint> container_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
