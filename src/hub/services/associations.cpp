#include "hub/services/associations.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "domain/belonging.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/relation_sets.h"
#include "domain/rules.h"
#include "hub/services/committees.h"
#include "hub/services/steps.h"
#include "hub/store/delivery.h"
#include "hub/store/lookups.h"
#include "hub/store/organisations.h"
#include "hub/store/repository.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

struct Sides {
  Record member;
  Record host;
};

Result<Sides> load_sides(const Context& context, const AssociationKind& kind, std::int64_t member,
                         std::int64_t host) {
  MEDPERF_TRY(auto member_row,
              Repository(kind.member, context.sight()).get(context.session, member));
  MEDPERF_TRY(auto host_row, Repository(kind.host, context.sight()).get(context.session, host));
  return Sides{std::move(member_row), std::move(host_row)};
}

Status check_subjects(const AssociationKind& kind, const Sides& sides) {
  domain::AssociationSubjects subjects;
  subjects.host_approval = sides.host.text(domain::kApprovalStatus);
  subjects.host_label = sides.host.table().label;
  subjects.other_state = sides.member.text(domain::kState);
  subjects.other_label = kind.member_key;
  subjects.same_preparator =
      kind.member != Entity::kDataset || sides.member.integer("data_preparation_mlcube") ==
                                             sides.host.integer("data_preparation_mlcube");
  return domain::check_association_subjects(subjects);
}

/// A reference of a record; nothing when it is null or its entity has no such field.
std::optional<std::int64_t> reference_in(const Record& row, std::string_view field) {
  if (row.table().find(field) == nullptr || row.is_null(field)) return std::nullopt;
  return row.integer(field);
}

std::optional<std::int64_t> organisation_of(const Record& row) {
  return reference_in(row, domain::kOrganisationField);
}

domain::Party party_of(const Record& object) {
  return {object.owner(), organisation_of(object)};
}

bool acts_for_member(const Context& context) {
  return context.relations.intersects(domain::kJoiningSide);
}

bool acts_for_host(const Context& context) {
  return context.relations.intersects(domain::kHostSide);
}

/// A request tells the owner of the dataset or model of the benchmark: nobody outside may hear it.
Status check_member_inside(const Context& context, const AssociationKind& kind,
                           const Sides& sides) {
  const auto group = reference_in(sides.host, domain::kClosedGroupField);
  if (!group || acts_for_member(context)) return {};
  MEDPERF_TRY(auto inside, party_is_inside(context.session, organisation_of(sides.member),
                                           sides.member.owner(), *group));
  if (inside) return {};
  return domain::field_error(kind.member_key,
                             "Its owner is not inside the benchmark's closed group: invite them "
                             "first.");
}

/// The organisation in whose name the caller makes a request: none of its members decides on it.
void set_initiator(const Context& context, const Sides& sides, Record& row) {
  row.set("initiated_by", context.caller.id());
  if (row.table().find(domain::kOrganisationField) == nullptr) return;
  const Record& side = acts_for_member(context) ? sides.member : sides.host;
  if (!acts_for_member(context) && !acts_for_host(context)) return;
  if (const auto organisation = organisation_of(side)) {
    row.set(domain::kOrganisationField, *organisation);
  }
}

/// Whether the caller made the request, or is of the organisation that made it.
Result<bool> is_initiator(const Context& context, const Record& row) {
  if (row.integer("initiated_by") == context.caller.id()) return true;
  const auto organisation = organisation_of(row);
  if (!organisation) return false;
  return is_member(context.session, context.caller.id(), *organisation);
}

bool lists_email(const Json& list, std::string_view email) {
  if (!list.is_array()) return false;
  return std::any_of(list.items().begin(), list.items().end(), [email](const Json& item) {
    return item.is_string() && item.as_string() == email;
  });
}

/// What a benchmark's owner has settled in advance.
Result<domain::AutoApproval> benchmark_facts(const AssociationKind& kind, const Sides& sides,
                                             std::string_view email) {
  domain::AutoApproval facts;
  facts.mode = sides.host.text(kind.mode_field);
  facts.owner_email_allowed = lists_email(sides.host.json(kind.list_field), email);
  return facts;
}

/// A running event lists its participants: label to email address. They may join at once.
Result<domain::AutoApproval> training_facts(const Context& context, const Sides& sides,
                                            std::string_view email) {
  domain::AutoApproval facts;
  facts.mode = domain::kAllowList;
  MEDPERF_TRY(auto event, running_event(context.session, sides.host.id()));
  if (!event) return facts;
  const Json participants = event->json("participants");
  if (!participants.is_object()) return facts;
  Json emails = Json::array();
  for (const auto& [label, address] : participants.members()) emails.push(address);
  facts.owner_email_allowed = lists_email(emails, email);
  return facts;
}

Result<std::string> status_at_once(const Context& context, const AssociationKind& kind,
                                   const Sides& sides) {
  MEDPERF_TRY(
      auto owner,
      Repository(Entity::kUser, context.sight()).get(context.session, sides.member.owner()));
  const std::string& email = owner.text("email");
  MEDPERF_TRY(auto facts, kind.host == Entity::kTraining ? training_facts(context, sides, email)
                                                         : benchmark_facts(kind, sides, email));
  facts.caller_owns_host = acts_for_host(context);
  facts.same_owner = domain::same_party(party_of(sides.member), party_of(sides.host));
  return std::string(domain::initial_association_status(facts));
}

/// The committee of the host, if it is a benchmark that has one.
Result<std::optional<Committee>> committee_of(const Context& context, const AssociationKind& kind,
                                              std::int64_t host) {
  if (kind.host != Entity::kBenchmark) return std::optional<Committee>();
  return find_committee(context.session, host);
}

/// What a new request is: with a committee nothing is settled in advance.
Result<std::string> first_status(const Context& context, const AssociationKind& kind,
                                 const Sides& sides, const Record& row) {
  MEDPERF_TRY(auto committee, committee_of(context, kind, sides.host.id()));
  if (!committee) return status_at_once(context, kind, sides);
  MEDPERF_CHECK(check_committee_can_decide(context, *committee, request_of(kind, row)));
  return std::string(domain::kPending);
}

/// What the caller's word makes of a pending request; `standing` is set if a committee decides.
Result<std::string> decision(const Context& context, const AssociationKind& kind,
                             const Record& latest, std::string_view word,
                             std::optional<Json>& standing) {
  const std::string_view before = latest.text(domain::kApprovalStatus);
  MEDPERF_TRY(auto initiator, is_initiator(context, latest));
  MEDPERF_TRY(auto committee, committee_of(context, kind, latest.integer(kind.host_key)));
  if (!committee) {
    MEDPERF_CHECK(domain::check_association_decision(before, word, initiator));
    return std::string(word);
  }
  MEDPERF_CHECK(domain::check_association_decision(before, word, false));
  MEDPERF_TRY(auto member, Repository(kind.member, context.sight())
                               .get(context.session, latest.integer(kind.member_key)));
  const domain::Party asking = {latest.integer("initiated_by"), organisation_of(latest)};
  MEDPERF_TRY(auto verdict,
              vote_on_association(context, *committee, request_of(kind, latest),
                                  domain::same_party(asking, party_of(member)), initiator, word));
  standing = std::move(verdict.standing);
  return std::move(verdict.status);
}

/// Tells the other side.
Status tell(const Context& context, const AssociationKind& kind, const Sides& sides,
            const Record& row, std::string_view what) {
  const Record& other = acts_for_host(context) ? sides.member : sides.host;
  MEDPERF_TRY(auto people, people_of(context.session, organisation_of(other), other.owner()));
  const Json body = Json::object({{std::string(kind.member_key), sides.member.id()},
                                  {std::string(kind.host_key), sides.host.id()},
                                  {"approval_status", row.text(domain::kApprovalStatus)}});
  for (const auto recipient : people) {
    if (recipient == context.caller.id()) continue;
    MEDPERF_CHECK(announce(context.session, what, recipient, body, context.now));
  }
  return {};
}

void note(const Context& context, const AssociationKind& kind, const Record& row) {
  context.notes.set(kind.member_key, row.integer(kind.member_key));
  context.notes.set(kind.host_key, row.integer(kind.host_key));
  context.notes.set("approval_status", row.text(domain::kApprovalStatus));
}

}  // namespace

Result<Record> request_association(const Context& context, const AssociationKind& kind,
                                   const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, kind.entity, body));
  const auto member = row.integer(kind.member_key);
  const auto host = row.integer(kind.host_key);
  MEDPERF_TRY(auto sides, load_sides(context, kind, member, host));
  MEDPERF_CHECK(check_subjects(kind, sides));
  MEDPERF_CHECK(check_member_inside(context, kind, sides));
  MEDPERF_TRY(auto latest,
              current_association(context.session, context.sight(), kind, member, host));
  std::optional<std::string_view> latest_status;
  if (latest) latest_status = latest->text(domain::kApprovalStatus);
  std::string status = row.text(domain::kApprovalStatus);
  MEDPERF_CHECK(domain::check_association_request(latest_status, status));
  set_initiator(context, sides, row);
  if (status == domain::kPending) {
    MEDPERF_TRY(status, first_status(context, kind, sides, row));
  }
  row.set(domain::kApprovalStatus, status);
  if (status != domain::kPending) row.set(domain::kApprovedAt, context.now);
  MEDPERF_CHECK(store_new(context, row));
  note(context, kind, row);
  MEDPERF_CHECK(tell(context, kind, sides, row, "association.requested"));
  return row;
}

Result<Decided> decide_association(const Context& context, const AssociationKind& kind,
                                   std::int64_t member, std::int64_t host, const Json& body) {
  MEDPERF_TRY(auto latest,
              current_association(context.session, context.sight(), kind, member, host));
  if (!latest) {
    return make_error(ErrorKind::kNotFound, {},
                      "No " + std::string(kind.member_key) + " association found.");
  }
  MEDPERF_TRY(auto update, wire::read_update(*latest, body));
  Record& row = update.record;
  const std::string before = latest->text(domain::kApprovalStatus);
  const std::string after = row.text(domain::kApprovalStatus);
  std::optional<Json> standing;
  bool decided = update.has(domain::kApprovalStatus) &&
                 !(before == domain::kPending && after == domain::kPending);
  if (decided) {
    if (kind.host == Entity::kTraining) {
      MEDPERF_TRY(auto running, running_event(context.session, host));
      MEDPERF_CHECK(domain::check_no_event_running(running.has_value()));
    }
    MEDPERF_TRY(auto status, decision(context, kind, *latest, after, standing));
    row.set(domain::kApprovalStatus, status);
    decided = status != domain::kPending;
    if (decided) row.set(domain::kApprovedAt, context.now);
  }
  MEDPERF_CHECK(store_changes(context, row));
  note(context, kind, row);
  if (decided) {
    MEDPERF_TRY(auto sides, load_sides(context, kind, member, host));
    MEDPERF_CHECK(tell(context, kind, sides, row, "association.decided"));
  }
  return Decided{std::move(row), std::move(standing)};
}

Result<Json> claimed_demo_runs(const Context& context, std::int64_t benchmark) {
  constexpr std::size_t kLongest = 1024;
  Selection rows = rows_with(kModelAssociations.host_key, benchmark);
  rows.order = domain::kId;
  MEDPERF_TRY(const auto found,
              Repository(kModelAssociations.entity, context.sight()).select(context.session, rows));
  std::map<std::int64_t, Json> newest;
  for (const Record& row : found) {
    const Json metadata = row.json(domain::kMetadata);
    const Json* run = metadata.find_path({"medperf", "demo_run"});
    const bool taken = run != nullptr && run->is_object() && to_text(*run).size() <= kLongest;
    newest[row.integer(kModelAssociations.member_key)] = taken ? *run : Json();
  }
  Json out = Json::array();
  for (auto& [model, run] : newest) {
    if (!run.is_null()) out.push(Json::object({{"model", model}, {"demo_run", std::move(run)}}));
  }
  return out;
}

}  // namespace medperf::hub
