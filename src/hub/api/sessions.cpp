// The caller's own browser sessions.

#include <algorithm>

#include "hub/accounts/secrets.h"
#include "hub/api/answers.h"
#include "hub/api/cookies.h"
#include "hub/api/resources.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kNumberDigits = 13;  // hexadecimal: 52 bits, which every JSON reader keeps

/// What a session is named by: the first digits of its hash, from which no cookie follows.
std::int64_t number_of(const OwnSession& own) {
  return std::stoll(own.secret_hash.substr(0, kNumberDigits), nullptr, 16);
}

/// Those that a request could still come with.
Result<std::vector<OwnSession>> present_sessions(const Context& context) {
  MEDPERF_TRY(auto sessions, sessions_of(context.session, context.caller.id()));
  std::erase_if(sessions,
                [&](const OwnSession& own) { return has_ended(own.session, context.now); });
  return sessions;
}

/// The hash of the session that a request came with; empty when it came with something else.
std::string current_of(const Caller& caller) {
  return caller.by == SignedInBy::kSession ? secret_hash(caller.session_secret) : std::string();
}

Result<Answer> list(const Call& call) {
  const std::string current = current_of(call.context.caller);
  MEDPERF_TRY(const auto sessions, present_sessions(call.context));
  Json answer = Json::array();
  for (const auto& own : sessions) {
    answer.push(Json::object({{"id", number_of(own)},
                              {"created_at", to_iso8601(own.created_at)},
                              {"last_seen_at", to_iso8601(own.session.last_seen_at)},
                              {"expires_at", to_iso8601(own.session.expires_at)},
                              {"client", own.origin.client},
                              {"peer", own.origin.peer},
                              {"current", own.secret_hash == current}}));
  }
  return json_answer(answer);
}

Result<Answer> end(const Call& call) {
  MEDPERF_TRY(const auto sessions, present_sessions(call.context));
  const auto found = std::find_if(sessions.begin(), sessions.end(), [&](const OwnSession& own) {
    return number_of(own) == call.ids[0];
  });
  if (found == sessions.end()) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  MEDPERF_CHECK(remove_session(call.context.session, found->secret_hash));
  call.context.notes.set("session", number_of(*found));
  return no_content();
}

Result<Answer> end_others(const Call& call) {
  const std::string current = current_of(call.context.caller);
  MEDPERF_TRY(const auto sessions, present_sessions(call.context));
  for (const auto& own : sessions) {
    if (own.secret_hash == current) continue;
    MEDPERF_CHECK(remove_session(call.context.session, own.secret_hash));
  }
  return no_content();
}

const Endpoint kEndpoints[] = {
    {.path = "me/sessions/",
     .operation = "sessions_list",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "The caller's browser sessions that have not ended, the newest first.",
     .example = R"([{"id": 1234567890123, "created_at": "2026-01-02T03:04:05Z",
                     "last_seen_at": "2026-01-02T03:30:00Z", "expires_at": "2026-01-02T15:04:05Z",
                     "client": "Mozilla/5.0", "peer": "192.0.2.7", "current": true}])",
     .handler = list,
     .schema = R"({"type": "array", "items": {"type": "object",
                   "required": ["id", "created_at", "last_seen_at", "expires_at", "client", "peer",
                                "current"],
                   "properties": {
                     "id": {"type": "integer"},
                     "created_at": {"type": "string", "format": "date-time"},
                     "last_seen_at": {"type": "string", "format": "date-time"},
                     "expires_at": {"type": "string", "format": "date-time"},
                     "client": {"type": "string"},
                     "peer": {"type": "string"},
                     "current": {"type": "boolean"}}}})"},
    {.method = "DELETE",
     .path = "me/sessions/",
     .operation = "sessions_end_others",
     .who = kSignedInOnly,
     .shape = Shape::kNone,
     .statuses = {204},
     .sentence = "Ends every browser session of the caller but the one that asks.",
     .by_person = true,
     .handler = end_others},
    {.method = "DELETE",
     .path = "me/sessions/{id}/",
     .operation = "sessions_end",
     .who = kSignedInOnly,
     .shape = Shape::kNone,
     .statuses = {204, 404},
     .sentence = "Ends one of the caller's browser sessions: its next request is refused.",
     .by_person = true,
     .handler = end},
};

}  // namespace

std::span<const Endpoint> session_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
