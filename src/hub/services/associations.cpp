#include "hub/services/associations.h"

#include <algorithm>
#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/services/steps.h"
#include "hub/store/delivery.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

struct Sides {
  Record member;
  Record benchmark;
};

Result<Sides> load_sides(sql::Session& session, const AssociationKind& kind, std::int64_t member,
                         std::int64_t benchmark) {
  MEDPERF_TRY(auto member_row, Repository(kind.member).get(session, member));
  MEDPERF_TRY(auto benchmark_row, Repository(Entity::kBenchmark).get(session, benchmark));
  return Sides{std::move(member_row), std::move(benchmark_row)};
}

Status check_subjects(const AssociationKind& kind, const Sides& sides) {
  domain::AssociationSubjects subjects;
  subjects.benchmark_approval = sides.benchmark.text(domain::kApprovalStatus);
  subjects.other_state = sides.member.text(domain::kState);
  subjects.other_label = kind.member_key;
  subjects.same_preparator =
      kind.member != Entity::kDataset || sides.member.integer("data_preparation_mlcube") ==
                                             sides.benchmark.integer("data_preparation_mlcube");
  return domain::check_association_subjects(subjects);
}

bool lists_email(const Json& list, std::string_view email) {
  if (!list.is_array()) return false;
  return std::any_of(list.items().begin(), list.items().end(), [email](const Json& item) {
    return item.is_string() && item.as_string() == email;
  });
}

Result<std::string> status_at_once(const Context& context, const AssociationKind& kind,
                                   const Sides& sides) {
  MEDPERF_TRY(auto owner, Repository(Entity::kUser).get(context.session, sides.member.owner()));
  domain::AutoApproval facts;
  facts.mode = sides.benchmark.text(kind.mode_field);
  facts.caller_owns_benchmark = context.caller.id() == sides.benchmark.owner();
  facts.same_owner = sides.member.owner() == sides.benchmark.owner();
  facts.owner_email_allowed =
      lists_email(sides.benchmark.json(kind.list_field), owner.text("email"));
  return std::string(domain::initial_association_status(facts));
}

/// Tells the other side.
Status tell(const Context& context, const AssociationKind& kind, const Sides& sides,
            const Record& row, std::string_view what) {
  const std::int64_t recipient = context.caller.id() == sides.benchmark.owner()
                                     ? sides.member.owner()
                                     : sides.benchmark.owner();
  if (recipient == context.caller.id()) return {};
  const Json body = Json::object({{std::string(kind.member_key), sides.member.id()},
                                  {"benchmark", sides.benchmark.id()},
                                  {"approval_status", row.text(domain::kApprovalStatus)}});
  return announce(context.session, what, recipient, body, context.now);
}

void note(const Context& context, const AssociationKind& kind, const Record& row) {
  context.notes.set(kind.member_key, row.integer(kind.member_key));
  context.notes.set("benchmark", row.integer("benchmark"));
  context.notes.set("approval_status", row.text(domain::kApprovalStatus));
}

}  // namespace

Result<Record> request_association(const Context& context, const AssociationKind& kind,
                                   const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, kind.entity, body));
  const auto member = row.integer(kind.member_key);
  const auto benchmark = row.integer("benchmark");
  MEDPERF_TRY(auto sides, load_sides(context.session, kind, member, benchmark));
  MEDPERF_CHECK(check_subjects(kind, sides));
  MEDPERF_TRY(auto latest, current_association(context.session, kind, member, benchmark));
  std::optional<std::string_view> latest_status;
  if (latest) latest_status = latest->text(domain::kApprovalStatus);
  std::string status = row.text(domain::kApprovalStatus);
  MEDPERF_CHECK(domain::check_association_request(latest_status, status));
  if (status == domain::kPending) {
    MEDPERF_TRY(status, status_at_once(context, kind, sides));
  }
  row.set(domain::kApprovalStatus, status);
  row.set("initiated_by", context.caller.id());
  if (status != domain::kPending) row.set(domain::kApprovedAt, context.now);
  MEDPERF_CHECK(store_new(context, row));
  note(context, kind, row);
  MEDPERF_CHECK(tell(context, kind, sides, row, "association.requested"));
  return row;
}

Result<Record> decide_association(const Context& context, const AssociationKind& kind,
                                  std::int64_t member, std::int64_t benchmark, const Json& body) {
  MEDPERF_TRY(auto latest, current_association(context.session, kind, member, benchmark));
  if (!latest) {
    return make_error(ErrorKind::kNotFound, {},
                      "No " + std::string(kind.member_key) + " association found.");
  }
  MEDPERF_TRY(auto update, wire::read_update(*latest, body));
  Record& row = update.record;
  const std::string before = latest->text(domain::kApprovalStatus);
  const std::string after = row.text(domain::kApprovalStatus);
  const bool decided = update.has(domain::kApprovalStatus) &&
                       !(before == domain::kPending && after == domain::kPending);
  if (decided) {
    const bool same_user = latest->integer("initiated_by") == context.caller.id();
    MEDPERF_CHECK(domain::check_association_decision(before, after, same_user));
    row.set(domain::kApprovedAt, context.now);
  }
  MEDPERF_CHECK(store_changes(context, row));
  note(context, kind, row);
  if (decided) {
    MEDPERF_TRY(auto sides, load_sides(context.session, kind, member, benchmark));
    MEDPERF_CHECK(tell(context, kind, sides, row, "association.decided"));
  }
  return std::move(row);
}

}  // namespace medperf::hub
