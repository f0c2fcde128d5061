#include "hub/services/results.h"

#include <optional>
#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/relation_sets.h"
#include "domain/rules.h"
#include "hub/services/acceptance.h"
#include "hub/services/committees.h"
#include "hub/services/steps.h"
#include "hub/store/repository.h"
#include "hub/store/results.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

/// Whether the benchmark takes this result now; says if it is a compatibility run.
Result<bool> check_subjects(const Context& context, const Record& result) {
  MEDPERF_TRY(const auto subjects,
              result_subjects(context.session, context.sight(),
                              {result.integer("benchmark"), result.integer("model"),
                               result.integer("dataset")}));
  if (subjects.benchmark_status == domain::kRejected) {
    return domain::object_error("The benchmark was rejected.");
  }
  if (!subjects.benchmark_is_open) {
    return domain::object_error("The benchmark takes no results: it is inactive or withdrawn.");
  }
  const bool is_reference = subjects.reference_model == result.integer("model");
  MEDPERF_CHECK(
      domain::check_result_subjects(is_reference, subjects.model_status, subjects.dataset_status));
  return is_reference && subjects.dataset_status != domain::kApproved;
}

/// Which row is in the way, so that the client can go on with it.
Error already_open(const Context& context, const Record& result) {
  auto open = find_open_result(context.session, context.sight(), result);
  if (!open.ok()) return std::move(open).error();
  if (!*open) return make_error(ErrorKind::kBug, "results", "a row is in the way of another");
  return domain::object_error(
      "An unfinished result of this benchmark, model and dataset exists already: id " +
      std::to_string((*open)->id()) + ". Finish it, or mark it invalid.");
}

/// What the caller's word makes of a result: with a committee it is a vote while the result is
/// pending; to take back an approval is the owner's alone.
Result<std::string> voted(const Context& context, const Record& result, const std::string& word) {
  MEDPERF_TRY(auto committee, find_committee(context.session, result.integer("benchmark")));
  if (committee && result.text(domain::kApprovalStatus) == domain::kPending) {
    MEDPERF_TRY(auto verdict, vote_on_result(context, *committee, result, word));
    return std::move(verdict.status);
  }
  if (!context.relations.intersects(domain::kAboveCommittee)) {
    return domain::field_error(domain::kApprovalStatus, "The committee has decided already.");
  }
  return word;
}

}  // namespace

Result<Record> create_result(const Context& context, const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, Entity::kResult, body));
  MEDPERF_TRY(auto is_compatibility_run, check_subjects(context, row));
  row.set("compatibility_run", is_compatibility_run);
  // The constraint decides: looking first would make every two writers wait for each other.
  MEDPERF_TRY(const bool stored,
              Repository(Entity::kResult, context.sight()).insert_if_free(context.session, row));
  if (!stored) return already_open(context, row);
  return row;
}

void expect_result(sql::Session& session, const Caller& caller, const Json& body) {
  prefetch_references(session, caller.sight(), references_in(Entity::kResult, body));
  prefetch_result_subjects(
      session, caller.sight(),
      {body.get_int("benchmark"), body.get_int("model"), body.get_int("dataset")});
}

Result<Record> update_result(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored, Repository(Entity::kResult, context.sight()).get(context.session, id));
  if (stored.boolean("finalized")) {
    return domain::object_error("This result is final: it cannot be changed.");
  }
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& row = update.record;
  if (!update.has("results")) {
    MEDPERF_CHECK(store_changes(context, row));
    return std::move(row);
  }
  // What was agreed when the run began may have been revoked since.
  MEDPERF_CHECK(check_subjects(context, row));
  MEDPERF_TRY(auto acceptance, accept_results(context, row));
  row.set("finalized", true);
  row.set("finalized_at", context.now);
  MEDPERF_CHECK(store_changes(context, row));
  context.notes.set("finalized", true);
  context.notes.set("signed", acceptance.is_signed);
  if (acceptance.is_signed) MEDPERF_CHECK(mark_signed(context.session, id));
  return std::move(row);
}

Result<Record> decide_on_result(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored, Repository(Entity::kResult, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  if (update.sent.size() > 1) {
    return domain::object_error("A decision changes nothing else: send approval_status alone.");
  }
  Record& row = update.record;
  const std::string& before = stored.text(domain::kApprovalStatus);
  std::string after = row.text(domain::kApprovalStatus);
  MEDPERF_CHECK(domain::check_result_approval(stored.boolean("finalized"), before, after));
  MEDPERF_TRY(after, voted(context, stored, after));
  row.set(domain::kApprovalStatus, after);
  if (before != after) row.set(domain::kApprovedAt, context.now);
  MEDPERF_CHECK(store_changes(context, row));
  context.notes.set(domain::kApprovalStatus, after);
  return std::move(row);
}

}  // namespace medperf::hub
