// Accounts as others see them.

#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/registration.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr std::string_view kMetadataOnly[] = {"metadata"};

Result<Answer> metadata(const Call& call) {
  MEDPERF_TRY(
      auto user,
      Repository(Entity::kUser, call.context.sight()).get(call.context.session, call.ids[0]));
  return shown_answer(call, std::move(user));
}

const Endpoint kEndpoints[] = {
    {.path = "users/",
     .operation = "users_list",
     .who = kAdminOnly,
     .answer = Entity::kUser,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Every account.",
     .handler = list_objects},
    {.path = "users/{id}/",
     .operation = "users_get",
     .who = {Relation::kAdmin, Relation::kSelf, Relation::kPreparatorOwner},
     .subject = SubjectKind::kUser,
     .answer = Entity::kUser,
     .statuses = {200, 403, 404},
     .sentence = "One account; also for owners of containers that prepared one of its datasets.",
     .handler = get_object},
    {.method = "PUT",
     .path = "users/{id}/",
     .operation = "users_update",
     .who = {Relation::kAdmin, Relation::kSelf},
     .subject = SubjectKind::kUser,
     .body = Entity::kUser,
     .answer = Entity::kUser,
     .statuses = {200, 400, 403, 404},
     .sentence = "Writes the account's own settings.",
     .example = R"({"metadata": {"theme": "dark"}})",
     .handler = change_object<update_user>},
    {.method = "DELETE",
     .path = "users/{id}/",
     .operation = "users_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kUser,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes an account that owns nothing.",
     .handler = remove_object<Entity::kUser>},
    {.path = "users/{id}/metadata/",
     .operation = "users_metadata",
     .who = kSignedInOnly,
     .subject = SubjectKind::kUser,
     .answer = Entity::kUser,
     .shown = kMetadataOnly,
     .statuses = {200, 404},
     .sentence = "The account's own settings, for any signed-in user.",
     .example = R"({"metadata": {}})",
     .handler = metadata},
};

}  // namespace

std::span<const Endpoint> user_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
