// Assets: files that are models.

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/models.h"
#include "hub/services/registration.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kFilters[] = {"name", "owner", "state", "is_valid"};

Result<Answer> model(const Call& call) {
  MEDPERF_TRY(auto found, model_of(call.context, Entity::kAsset, call.ids[0]));
  return Answer{200, wire::write_text(found), {}};
}

const Endpoint kEndpoints[] = {
    {.path = "assets/",
     .operation = "assets_list",
     .who = kSignedInOnly,
     .answer = Entity::kAsset,
     .shape = Shape::kPage,
     .filters = kFilters,
     .statuses = {200, 400},
     .sentence = "Every asset.",
     .handler = list_objects},
    {.method = "POST",
     .path = "assets/",
     .operation = "assets_create",
     .who = kSignedInOnly,
     .body = Entity::kAsset,
     .answer = Entity::kAsset,
     .statuses = {201, 400},
     .sentence = "Registers an asset by its digests.",
     .example =
         R"({"name": "weights", "asset_hash": "0123", "asset_url": "https://example.org/w.tar"})",
     .handler = create_object<create_asset>},
    {.path = "assets/{id}/",
     .operation = "assets_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kAsset,
     .answer = Entity::kAsset,
     .statuses = {200, 404},
     .sentence = "One asset.",
     .handler = get_object},
    {.method = "PUT",
     .path = "assets/{id}/",
     .operation = "assets_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kAsset,
     .body = Entity::kAsset,
     .answer = Entity::kAsset,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes an asset; in the state OPERATION only what stays open.",
     .example = R"({"is_valid": false})",
     .handler = change_object<update_asset>},
    {.method = "DELETE",
     .path = "assets/{id}/",
     .operation = "assets_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kAsset,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes an asset that nothing refers to.",
     .handler = remove_object<Entity::kAsset>},
    {.path = "assets/{id}/model/",
     .operation = "assets_model",
     .who = kSignedInOnly,
     .subject = SubjectKind::kAsset,
     .answer = Entity::kModel,
     .nested = true,
     .statuses = {200, 404},
     .sentence = "The model that wraps this asset.",
     .handler = model},
};

}  // namespace

std::span<const Endpoint> asset_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
