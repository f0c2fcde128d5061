// Closed groups: outside of them their objects do not exist.

#include "domain/names.h"
#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/organisations.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr domain::Relations kManagers = {Relation::kAdmin, Relation::kOwner};
constexpr domain::Relations kInsiders = {Relation::kAdmin, Relation::kOwner, Relation::kMember};

Result<Answer> members(const Call& call) {
  return page_answer(call, rows_with(domain::kClosedGroupField, call.ids[0]));
}

Result<Answer> remove_member(const Call& call) {
  MEDPERF_CHECK(expel(call.context, call.ids[0], call.ids[1]));
  return no_content();
}

// Whoever is outside gets 403 for every path with an id, there or not.
const Endpoint kEndpoints[] = {
    {.path = "closed_groups/",
     .operation = "closed_groups_list",
     .who = kSignedInOnly,
     .answer = Entity::kClosedGroup,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The closed groups that the caller is inside of.",
     .handler = list_objects},
    {.method = "POST",
     .path = "closed_groups/",
     .operation = "closed_groups_create",
     .who = kSignedInOnly,
     .body = Entity::kClosedGroup,
     .answer = Entity::kClosedGroup,
     .statuses = {201, 400},
     .sentence = "Makes a closed group. Objects join it when they are registered, by the key "
                 "closed_group.",
     .example = R"({"name": "pilot study"})",
     .handler = create_object<create_closed_group>},
    {.path = "closed_groups/{id}/",
     .operation = "closed_groups_get",
     .who = kInsiders,
     .subject = SubjectKind::kClosedGroup,
     .answer = Entity::kClosedGroup,
     .statuses = {200, 403, 404},
     .sentence = "One closed group.",
     .handler = get_object},
    {.method = "PUT",
     .path = "closed_groups/{id}/",
     .operation = "closed_groups_update",
     .who = kManagers,
     .subject = SubjectKind::kClosedGroup,
     .body = Entity::kClosedGroup,
     .answer = Entity::kClosedGroup,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes its name or description.",
     .example = R"({"description": "until the publication"})",
     .handler = change_object<update_closed_group>},
    {.path = "closed_groups/{id}/members/",
     .operation = "closed_groups_members",
     .who = kInsiders,
     .subject = SubjectKind::kClosedGroup,
     .answer = Entity::kClosedGroupMember,
     .shape = Shape::kPage,
     .statuses = {200, 403, 404},
     .sentence = "The users and organisations inside.",
     .handler = members},
    {.method = "POST",
     .path = "closed_groups/{id}/members/",
     .operation = "closed_groups_invite",
     .who = kManagers,
     .subject = SubjectKind::kClosedGroup,
     .body = Entity::kClosedGroupMember,
     .answer = Entity::kClosedGroupMember,
     .statuses = {201, 400, 403, 404},
     .sentence = "Lets a user, or every member of an organisation, in.",
     .example = R"({"member": 5})",
     .handler = create_below<admit>},
    {.method = "DELETE",
     .path = "closed_groups/{id}/members/{other}/",
     .operation = "closed_groups_uninvite",
     .who = kInsiders,
     .subject = SubjectKind::kClosedGroup,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "{other} is the id of a row of the members. Its owner puts anyone out; a user may "
                 "leave.",
     .handler = remove_member},
};

}  // namespace

std::span<const Endpoint> closed_group_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
