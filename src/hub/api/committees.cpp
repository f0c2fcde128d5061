// Committees of benchmarks.

#include "hub/services/committees.h"

#include "hub/api/answers.h"
#include "hub/api/resources.h"

namespace medperf::hub {

using domain::Relation;

namespace {

constexpr domain::Relations kConcerned = {Relation::kAdmin, Relation::kOwner,
                                          Relation::kCommitteeMember};

Result<Answer> get(const Call& call) {
  MEDPERF_TRY(auto committee, get_committee(call.context, call.ids[0]));
  return json_answer(committee);
}

Result<Answer> put(const Call& call) {
  MEDPERF_TRY(auto committee, put_committee(call.context, call.ids[0], call.body));
  return json_answer(committee);
}

Result<Answer> remove(const Call& call) {
  MEDPERF_CHECK(remove_committee(call.context, call.ids[0]));
  return no_content();
}

Result<Answer> votes(const Call& call) {
  MEDPERF_TRY(auto list, votes_of(call.context, call.ids[0]));
  return json_answer(list);
}

constexpr std::string_view kCommittee = R"({"type": "object", "additionalProperties": false,
    "required": ["threshold", "members"], "properties":
    {"threshold": {"type": "integer", "minimum": 1},
     "members": {"type": "array", "minItems": 1, "maxItems": 100,
                 "items": {"type": "integer"}}}})";
constexpr std::string_view kVotes = R"({"type": "array", "items": {"type": "object",
    "additionalProperties": false,
    "required": ["about", "id", "member", "vote", "voice", "voted_at"], "properties":
    {"about": {"enum": ["dataset", "model", "result"]}, "id": {"type": "integer"},
     "member": {"type": "integer"}, "vote": {"enum": ["APPROVED", "REJECTED"]},
     "voice": {"enum": ["COMMITTEE", "OTHER_SIDE"]},
     "voted_at": {"type": "string", "format": "date-time"}}}})";

const Endpoint kEndpoints[] = {
    {.path = "benchmarks/{id}/committee/",
     .operation = "committees_get",
     .who = kConcerned,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "Who decides for the benchmark; 404 when its owner does.",
     .example = R"({"threshold": 2, "members": [4, 7, 9]})",
     .handler = get,
     .schema = kCommittee},
    {.method = "PUT",
     .path = "benchmarks/{id}/committee/",
     .operation = "committees_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 400, 403, 404, 409},
     .sentence = "Lets a committee decide: so many votes of these users. 409 while one votes.",
     .example = R"({"threshold": 2, "members": [4, 7, 9]})",
     .handler = put,
     .schema = kCommittee,
     .body_schema = kCommittee},
    {.method = "DELETE",
     .path = "benchmarks/{id}/committee/",
     .operation = "committees_delete",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404, 409},
     .sentence = "Lets the benchmark's owner decide again. 409 while the committee votes.",
     .handler = remove},
    {.path = "benchmarks/{id}/votes/",
     .operation = "committees_votes",
     .who = kConcerned,
     .subject = SubjectKind::kBenchmark,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "The newest 1000 votes, each with what it was about.",
     .example = R"([{"about": "dataset", "id": 3, "member": 4, "vote": "APPROVED",
                     "voice": "COMMITTEE", "voted_at": "2026-01-01T00:00:00.000000Z"}])",
     .handler = votes,
     .schema = kVotes},
};

}  // namespace

std::span<const Endpoint> committee_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
