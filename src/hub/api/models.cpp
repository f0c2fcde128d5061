// Models, each with the container or asset that it wraps.

#include "hub/services/models.h"

#include "hub/api/handlers.h"
#include "hub/api/resources.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kFilters[] = {"type"};

Result<Answer> create(const Call& call) {
  MEDPERF_TRY(auto model, create_model(call.context, call.body));
  call.context.notes.set("id", model.model.id());
  return Answer{201, wire::write_text(model), {}};
}

Result<Answer> get(const Call& call) {
  MEDPERF_TRY(auto model, get_model(call.context, call.ids[0]));
  return Answer{200, wire::write_text(model), {}};
}

const Endpoint kEndpoints[] = {
    {.path = "models/",
     .operation = "models_list",
     .who = kSignedInOnly,
     .answer = Entity::kModel,
     .shape = Shape::kPage,
     .nested = true,
     .filters = kFilters,
     .statuses = {200, 400},
     .sentence = "Every model with what it wraps.",
     .handler = list_objects},
    {.method = "POST",
     .path = "models/",
     .operation = "models_create",
     .who = kSignedInOnly,
     .body = Entity::kModel,
     .answer = Entity::kModel,
     .nested = true,
     .statuses = {201, 400},
     .sentence = "Registers a model together with its container or asset.",
     .example = R"({"name": "samp", "type": "CONTAINER", "container": {"name": "samp-container",
                    "container_config": {"container_type": "DockerImage",
                    "image": "docker.io/vendor/samp:1"}, "parameters_config": {},
                    "image_hash": "sha256:4567", "additional_files_tarball_hash": ""}})",
     .handler = create},
    {.path = "models/{id}/",
     .operation = "models_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kModel,
     .answer = Entity::kModel,
     .nested = true,
     .statuses = {200, 404},
     .sentence = "One model with what it wraps.",
     .handler = get},
    {.method = "PUT",
     .path = "models/{id}/",
     .operation = "models_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kModel,
     .body = Entity::kModel,
     .answer = Entity::kModel,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes a model; state and validity go to what it wraps too. Answers with ids.",
     .example = R"({"state": "OPERATION"})",
     .handler = change_object<update_model>},
    {.method = "DELETE",
     .path = "models/{id}/",
     .operation = "models_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kModel,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes a model that nothing refers to; what it wraps stays.",
     .handler = remove_object<Entity::kModel>},
};

}  // namespace

std::span<const Endpoint> model_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
