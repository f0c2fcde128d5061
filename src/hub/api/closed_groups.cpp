// Closed groups: outside of them their objects do not exist.

#include "domain/names.h"
#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/services/organisations.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr domain::Relations kManagers = {Relation::kAdmin, Relation::kOwner};
constexpr domain::Relations kInsiders = {Relation::kAdmin, Relation::kOwner, Relation::kMember};

Result<Answer> list(const Call& call) {
  return page_answer(call, Selection());
}

Result<Answer> create(const Call& call) {
  MEDPERF_TRY(auto group, create_closed_group(call.context, call.body));
  return created_answer(call, group);
}

Result<Answer> get(const Call& call) {
  MEDPERF_TRY(auto group, Repository(Entity::kClosedGroup, call.context.sight())
                              .get(call.context.session, call.ids[0]));
  return object_answer(call, group);
}

Result<Answer> put(const Call& call) {
  MEDPERF_TRY(auto group, update_closed_group(call.context, call.ids[0], call.body));
  return object_answer(call, group);
}

Result<Answer> members(const Call& call) {
  return page_answer(call, rows_with(domain::kClosedGroupField, call.ids[0]));
}

Result<Answer> invite(const Call& call) {
  MEDPERF_TRY(auto member, admit(call.context, call.ids[0], call.body));
  return created_answer(call, member);
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
     .handler = list},
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
     .handler = create},
    {.path = "closed_groups/{id}/",
     .operation = "closed_groups_get",
     .who = kInsiders,
     .subject = SubjectKind::kClosedGroup,
     .answer = Entity::kClosedGroup,
     .statuses = {200, 403, 404},
     .sentence = "One closed group.",
     .handler = get},
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
     .handler = put},
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
     .handler = invite},
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
