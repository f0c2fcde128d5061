#include "hub/services/organisations.h"

#include <string>
#include <utility>

#include "domain/membership.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/relation_sets.h"
#include "hub/services/steps.h"
#include "hub/store/delivery.h"
#include "hub/store/lookups.h"
#include "hub/store/organisations.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

domain::MembershipActor actor_of(const Context& context, std::int64_t member) {
  return {context.caller.id() == member, context.relations.intersects(domain::kManagers)};
}

Result<Record> membership_of(const Context& context, std::int64_t organisation,
                             std::int64_t member) {
  MEDPERF_TRY(auto row, find_membership(context.session, context.sight(), organisation, member));
  if (!row) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return std::move(*row);
}

/// Stores a row that no request wrote.
Status store_made(const Context& context, Record row) {
  row.set(domain::kCreatedAt, context.now);
  row.set(domain::kModifiedAt, context.now);
  return store_new(context, row);
}

Status store_member(const Context& context, std::int64_t organisation, std::int64_t member,
                    std::string_view role) {
  Record row(Entity::kMembership);
  row.set(domain::kOrganisationField, organisation);
  row.set("member", member);
  row.set("role", std::string(role));
  row.set("status", std::string(domain::kAccepted));
  return store_made(context, std::move(row));
}

Result<Record> update_described(const Context& context, Entity entity, std::int64_t id,
                                const Json& body) {
  MEDPERF_TRY(auto stored, Repository(entity, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  MEDPERF_CHECK(store_changes(context, update.record));
  return std::move(update.record);
}

}  // namespace

Result<Record> create_organisation(const Context& context, const Json& body) {
  MEDPERF_TRY(auto organisation, accept_create(context, Entity::kOrganisation, body));
  MEDPERF_CHECK(store_new(context, organisation));
  MEDPERF_CHECK(store_member(context, organisation.id(), context.caller.id(), domain::kOwnerRole));
  return organisation;
}

Result<Record> update_organisation(const Context& context, std::int64_t id, const Json& body) {
  return update_described(context, Entity::kOrganisation, id, body);
}

Result<Record> invite_member(const Context& context, std::int64_t organisation, const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, Entity::kMembership, body));
  row.set(domain::kOrganisationField, organisation);
  MEDPERF_CHECK(store_new(context, row));
  const auto member = row.integer("member");
  context.notes.set("member", member);
  MEDPERF_CHECK(announce(context.session, "organisation.invited", member,
                         Json::object({{"organisation", organisation}}), context.now));
  return row;
}

Result<Record> update_membership(const Context& context, std::int64_t organisation,
                                 std::int64_t member, const Json& body) {
  MEDPERF_TRY(auto stored, membership_of(context, organisation, member));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& row = update.record;
  MEDPERF_CHECK(domain::check_membership_change(stored, row, actor_of(context, member)));
  MEDPERF_TRY(auto others, other_owners(context.session, organisation, member));
  const bool stays = row.text("role") == domain::kOwnerRole;
  if (auto kept = domain::check_owner_remains(stored, stays, others); !kept.ok()) {
    return domain::field_error("role", kept.error().text());
  }
  if (row.boolean("active") && !stored.boolean("active")) {
    MEDPERF_CHECK(clear_active_organisation(context.session, member));
  }
  MEDPERF_CHECK(store_changes(context, row));
  context.notes.set("member", member);
  context.notes.set("role", row.text("role"));
  context.notes.set("status", row.text("status"));
  return std::move(row);
}

Status end_membership(const Context& context, std::int64_t organisation, std::int64_t member) {
  MEDPERF_TRY(auto stored, membership_of(context, organisation, member));
  MEDPERF_TRY(auto others, other_owners(context.session, organisation, member));
  MEDPERF_CHECK(domain::check_owner_remains(stored, false, others));
  context.notes.set("member", member);
  return Repository(Entity::kMembership, context.sight()).remove(context.session, stored.id());
}

Result<Record> create_closed_group(const Context& context, const Json& body) {
  MEDPERF_TRY(auto group, accept_create(context, Entity::kClosedGroup, body));
  MEDPERF_CHECK(store_new(context, group));
  Record inside(Entity::kClosedGroupMember);
  inside.set(domain::kClosedGroupField, group.id());
  if (group.is_null(domain::kOrganisationField)) {
    inside.set("member", group.owner());
  } else {
    inside.set(domain::kOrganisationField, group.get(domain::kOrganisationField));
  }
  MEDPERF_CHECK(store_made(context, std::move(inside)));
  return group;
}

Result<Record> update_closed_group(const Context& context, std::int64_t id, const Json& body) {
  return update_described(context, Entity::kClosedGroup, id, body);
}

Result<Record> admit(const Context& context, std::int64_t closed_group, const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, Entity::kClosedGroupMember, body));
  if (row.is_null("member") == row.is_null(domain::kOrganisationField)) {
    return domain::object_error("Name either a member or an organisation.");
  }
  row.set(domain::kClosedGroupField, closed_group);
  MEDPERF_CHECK(store_new(context, row));
  std::optional<std::int64_t> organisation;
  if (row.is_null("member")) organisation = row.integer(domain::kOrganisationField);
  context.notes.set(organisation ? "organisation" : "member",
                    organisation ? *organisation : row.integer("member"));
  MEDPERF_TRY(auto people, people_of(context.session, organisation, row.integer("member")));
  for (const auto recipient : people) {
    MEDPERF_CHECK(announce(context.session, "closed_group.admitted", recipient,
                           Json::object({{"closed_group", closed_group}}), context.now));
  }
  return row;
}

Status expel(const Context& context, std::int64_t closed_group, std::int64_t row) {
  MEDPERF_TRY(auto found, find_insider(context.session, context.sight(), closed_group, row));
  if (!found) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  MEDPERF_TRY(auto group,
              Repository(Entity::kClosedGroup, context.sight()).get(context.session, closed_group));
  const bool manages = context.relations.intersects(domain::kManagers);
  if (!manages && found->integer("member") != context.caller.id()) {
    return make_error(ErrorKind::kForbidden, {},
                      "You do not have permission to perform this action.");
  }
  const bool founder =
      group.is_null(domain::kOrganisationField)
          ? found->integer("member") == group.owner()
          : found->get(domain::kOrganisationField) == group.get(domain::kOrganisationField);
  if (founder) {
    return make_error(ErrorKind::kConflict, {}, "A closed group keeps whoever it belongs to.");
  }
  if (!found->is_null("member")) context.notes.set("member", found->integer("member"));
  return Repository(Entity::kClosedGroupMember, context.sight()).remove(context.session, row);
}

}  // namespace medperf::hub
