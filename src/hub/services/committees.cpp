#include "hub/services/committees.h"

#include <algorithm>
#include <set>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/relation_sets.h"
#include "domain/rules.h"
#include "hub/store/references.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

constexpr std::size_t kMostMembers = 100;
constexpr std::int64_t kVotesShown = 1000;

Json committee_json(const Committee& committee) {
  Json members = Json::array();
  for (const auto member : committee.members) members.push(member);
  return Json::object({{"threshold", committee.threshold}, {"members", std::move(members)}});
}

/// Each member exists and sees the benchmark: whoever cannot see it cannot vote on it.
Status check_members(const Context& context, const Record& benchmark, const Committee& committee) {
  for (const auto member : committee.members) {
    MEDPERF_TRY(auto known,
                find_reference(context.session, Sight::whole(), {Entity::kUser, member}));
    if (!known) return domain::field_error("members", domain::missing_reference_message(member));
    if (benchmark.is_null(domain::kClosedGroupField)) continue;
    MEDPERF_TRY(auto inside,
                is_inside(context.session, member, benchmark.integer(domain::kClosedGroupField)));
    if (inside) continue;
    return domain::field_error("members", "User " + std::to_string(member) +
                                              " is not inside the benchmark's closed group: invite "
                                              "them first.");
  }
  return {};
}

Result<Committee> read_committee(const Json& body) {
  std::vector<FieldError> errors;
  Committee committee;
  const Json* threshold = body.find("threshold");
  if (threshold == nullptr || !threshold->is_int()) {
    errors.push_back({"threshold", std::string(domain::kIntegerMessage)});
  } else {
    committee.threshold = threshold->as_int();
  }
  const Json* members = body.find("members");
  const bool usable = members != nullptr && members->is_array() && !members->items().empty() &&
                      members->items().size() <= kMostMembers &&
                      std::all_of(members->items().begin(), members->items().end(),
                                  [](const Json& id) { return id.is_int(); });
  if (!usable) {
    errors.push_back(
        {"members", "A list of 1 to " + std::to_string(kMostMembers) + " user ids is expected."});
    return domain::field_errors(std::move(errors));
  }
  std::set<std::int64_t> different;
  for (const auto& id : members->items()) different.insert(id.as_int());
  committee.members.assign(different.begin(), different.end());
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  MEDPERF_CHECK(domain::check_committee(committee.threshold,
                                        static_cast<std::int64_t>(committee.members.size())));
  return committee;
}

/// Who counts on the votes of others may not find the rules changed.
Status check_not_voting(const Context& context, std::int64_t benchmark) {
  MEDPERF_TRY(auto voting, is_voting(context.session, benchmark));
  if (!voting) return {};
  return make_error(ErrorKind::kConflict, {}, "The committee is voting on a request.",
                    "Change it once that is decided.");
}

Verdict verdict_of(const domain::Ballot& ballot) {
  return {std::string(domain::outcome(ballot)),
          Json::object({{"threshold", ballot.threshold},
                        {"for", ballot.for_it},
                        {"against", ballot.against_it},
                        {"waits_for_other_side", !ballot.other_side_consents}})};
}

Status cast_committee_vote(const Context& context, const Request& request, std::string_view word) {
  MEDPERF_TRY(auto voter, find_voter(context.session, request, context.caller.id()));
  MEDPERF_CHECK(domain::check_vote(voter.is_member, voter.has_stake));
  context.notes.set("vote", word);
  return cast_vote(context.session, request, context.caller.id(), Voice::kCommittee, word,
                   context.now);
}

}  // namespace

Result<Json> get_committee(const Context& context, std::int64_t benchmark) {
  MEDPERF_TRY(auto committee, find_committee(context.session, benchmark));
  if (!committee) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return committee_json(*committee);
}

Result<Json> put_committee(const Context& context, std::int64_t benchmark, const Json& body) {
  MEDPERF_TRY(auto row,
              Repository(Entity::kBenchmark, context.sight()).get(context.session, benchmark));
  MEDPERF_TRY(auto committee, read_committee(body));
  MEDPERF_CHECK(check_members(context, row, committee));
  MEDPERF_CHECK(check_not_voting(context, benchmark));
  MEDPERF_CHECK(set_committee(context.session, benchmark, committee));
  context.notes.set("committee", committee_json(committee));
  return committee_json(committee);
}

Status remove_committee(const Context& context, std::int64_t benchmark) {
  MEDPERF_CHECK(get_committee(context, benchmark));
  MEDPERF_CHECK(check_not_voting(context, benchmark));
  return set_committee(context.session, benchmark, std::nullopt);
}

Result<Json> votes_of(const Context& context, std::int64_t benchmark) {
  MEDPERF_TRY(auto lines, list_votes(context.session, benchmark, kVotesShown));
  Json list = Json::array();
  for (const auto& line : lines) {
    list.push(Json::object({{"about", line.subject},
                            {"id", line.id},
                            {"member", line.member},
                            {"vote", line.vote},
                            {"voice", line.for_committee ? "COMMITTEE" : "OTHER_SIDE"},
                            {"voted_at", to_iso8601(line.voted_at)}}));
  }
  return list;
}

Request request_of(const AssociationKind& kind, const Record& row) {
  Request request;
  request.column = kind.member == Entity::kDataset ? "dataset_association" : "model_association";
  request.id = row.id();
  request.benchmark = row.integer(kind.host_key);
  (kind.member == Entity::kDataset ? request.dataset : request.model) =
      row.integer(kind.member_key);
  request.initiated_by = row.integer("initiated_by");
  return request;
}

Status check_committee_can_decide(const Context& context, const Committee& committee,
                                  const Request& request) {
  MEDPERF_TRY(auto ballot, count_votes(context.session, committee, request));
  return domain::check_can_decide(ballot);
}

Result<Verdict> vote_on_association(const Context& context, const Committee& committee,
                                    const Request& request, bool asked_by_other_side,
                                    bool is_initiator, std::string_view word) {
  const bool other_side = context.relations.intersects(domain::kJoiningSide);
  if (!other_side) {
    MEDPERF_CHECK(cast_committee_vote(context, request, word));
  } else if (word == domain::kRejected) {
    return Verdict{std::string(word), Json()};
  } else {
    MEDPERF_CHECK(domain::check_association_decision(domain::kPending, word,
                                                     is_initiator || asked_by_other_side));
    MEDPERF_CHECK(cast_vote(context.session, request, context.caller.id(), Voice::kOtherSide, word,
                            context.now));
  }
  MEDPERF_TRY(auto ballot, count_votes(context.session, committee, request));
  MEDPERF_TRY(auto consent, has_consent(context.session, request));
  ballot.other_side_consents = asked_by_other_side || consent;
  return verdict_of(ballot);
}

Result<Verdict> vote_on_result(const Context& context, const Committee& committee,
                               const Record& result, std::string_view word) {
  Request request;
  request.column = "result";
  request.id = result.id();
  request.benchmark = result.integer("benchmark");
  request.dataset = result.integer("dataset");
  request.model = result.integer("model");
  request.initiated_by = result.owner();
  MEDPERF_CHECK(cast_committee_vote(context, request, word));
  MEDPERF_TRY(auto ballot, count_votes(context.session, committee, request));
  return verdict_of(ballot);
}

}  // namespace medperf::hub
