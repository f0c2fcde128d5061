// Organisations: several people act for one hospital or group.

#include "hub/services/organisations.h"

#include "domain/names.h"
#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/hand_over.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

constexpr std::string_view kFilters[] = {"name"};
constexpr domain::Relations kManagers = {Relation::kAdmin, Relation::kOwner};
constexpr domain::Relations kMembers = {Relation::kAdmin, Relation::kOwner, Relation::kMember};
constexpr domain::Relations kMemberOrManagers = {Relation::kAdmin, Relation::kOwner,
                                                 Relation::kSelf};

Result<Answer> members(const Call& call) {
  return page_answer(call, rows_with(domain::kOrganisationField, call.ids[0]));
}

Result<Answer> own_memberships(const Call& call) {
  return page_answer(call, rows_with("member", call.context.caller.id()));
}

Result<Answer> put_member(const Call& call) {
  MEDPERF_TRY(auto membership,
              update_membership(call.context, call.ids[0], call.ids[1], call.body));
  return object_answer(call, membership);
}

Result<Answer> remove_member(const Call& call) {
  MEDPERF_CHECK(end_membership(call.context, call.ids[0], call.ids[1]));
  return no_content();
}

Result<Answer> take_over(const Call& call) {
  MEDPERF_TRY(auto given, hand_over(call.context, call.ids[0], call.body));
  return json_answer(given);
}

constexpr domain::Relations kMembersOnly = {Relation::kOwner, Relation::kMember};
constexpr std::string_view kOneObject = R"({"type": "object", "minProperties": 1,
    "maxProperties": 1, "additionalProperties": false, "properties":
    {"benchmark": {"type": "integer"}, "dataset": {"type": "integer"},
     "model": {"type": "integer"}, "container": {"type": "integer"}}})";
constexpr std::string_view kGiven = R"({"type": "object", "required": ["organisation"],
    "additionalProperties": false, "minProperties": 2, "maxProperties": 2, "properties":
    {"organisation": {"type": "integer"}, "benchmark": {"type": "integer"},
     "dataset": {"type": "integer"}, "model": {"type": "integer"},
     "container": {"type": "integer"}}})";

const Endpoint kEndpoints[] = {
    {.path = "organisations/",
     .operation = "organisations_list",
     .who = kSignedInOnly,
     .answer = Entity::kOrganisation,
     .shape = Shape::kPage,
     .filters = kFilters,
     .statuses = {200, 400},
     .sentence = "Every organisation.",
     .handler = list_objects},
    {.method = "POST",
     .path = "organisations/",
     .operation = "organisations_create",
     .who = kSignedInOnly,
     .body = Entity::kOrganisation,
     .answer = Entity::kOrganisation,
     .statuses = {201, 400},
     .sentence = "Founds an organisation; the caller is its first owner.",
     .example = R"({"name": "University Hospital A"})",
     .handler = create_object<create_organisation>},
    {.path = "organisations/{id}/",
     .operation = "organisations_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kOrganisation,
     .answer = Entity::kOrganisation,
     .statuses = {200, 404},
     .sentence = "One organisation.",
     .handler = get_object},
    {.method = "PUT",
     .path = "organisations/{id}/",
     .operation = "organisations_update",
     .who = kManagers,
     .subject = SubjectKind::kOrganisation,
     .body = Entity::kOrganisation,
     .answer = Entity::kOrganisation,
     .statuses = {200, 400, 403, 404},
     .sentence = "Changes its name or description.",
     .example = R"({"description": "Radiology"})",
     .handler = change_object<update_organisation>},
    {.path = "organisations/{id}/members/",
     .operation = "organisations_members",
     .who = kMembers,
     .subject = SubjectKind::kOrganisation,
     .answer = Entity::kMembership,
     .shape = Shape::kPage,
     .statuses = {200, 403, 404},
     .sentence = "Its members, and whom it has invited.",
     .handler = members},
    {.method = "POST",
     .path = "organisations/{id}/members/",
     .operation = "organisations_invite",
     .who = kManagers,
     .subject = SubjectKind::kOrganisation,
     .body = Entity::kMembership,
     .answer = Entity::kMembership,
     .statuses = {201, 400, 403, 404},
     .sentence = "Invites a user, by id.",
     .example = R"({"member": 5, "role": "MEMBER"})",
     .handler = create_below<invite_member>},
    {.method = "PUT",
     .path = "organisations/{id}/members/{other}/",
     .operation = "organisations_member_update",
     .who = kMemberOrManagers,
     .subject = SubjectKind::kMembership,
     .body = Entity::kMembership,
     .answer = Entity::kMembership,
     .statuses = {200, 400, 403, 404},
     .sentence =
         "{other} is the user's id. The user accepts the invitation, or sends new objects to "
         "the organisation; an owner gives a role.",
     .example = R"({"status": "ACCEPTED", "active": true})",
     .handler = put_member},
    {.method = "DELETE",
     .path = "organisations/{id}/members/{other}/",
     .operation = "organisations_member_delete",
     .who = kMemberOrManagers,
     .subject = SubjectKind::kMembership,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Ends a membership or an invitation; the user acts for the organisation no more.",
     .handler = remove_member},
    {.method = "POST",
     .path = "organisations/{id}/objects/",
     .operation = "organisations_hand_over",
     .who = kMembersOnly,
     .subject = SubjectKind::kOrganisation,
     .shape = Shape::kOther,
     .statuses = {200, 400, 403, 404},
     .sentence = "Makes what the caller registered the organisation's, with its parts, results and "
                 "requests. It does not go back.",
     .example = R"({"dataset": 3})",
     .handler = take_over,
     .schema = kGiven,
     .body_schema = kOneObject},
    {.path = "me/memberships/",
     .operation = "me_memberships",
     .who = kSignedInOnly,
     .answer = Entity::kMembership,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The organisations that the caller belongs to or is invited to.",
     .handler = own_memberships},
    {.method = "DELETE",
     .path = "organisations/{id}/",
     .operation = "organisations_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kOrganisation,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Removes an organisation to which nothing belongs.",
     .handler = remove_object<Entity::kOrganisation>},
};

}  // namespace

std::span<const Endpoint> organisation_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
