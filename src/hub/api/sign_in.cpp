// Signing in and out, and one's own password.

#include <array>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "domain/messages.h"
#include "hub/accounts/login.h"
#include "hub/accounts/passwords.h"
#include "hub/accounts/secrets.h"
#include "hub/api/answers.h"
#include "hub/api/cookies.h"
#include "hub/api/errors.h"
#include "hub/api/hub.h"
#include "hub/api/resources.h"
#include "hub/store/access_tokens.h"
#include "hub/store/sessions.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kUsernameLimit = 150;
constexpr std::size_t kCodeLimit = 64;
constexpr std::size_t kOriginLimit = 200;  // of what a browser says it is
constexpr std::array kLoginTexts = {
    TextRule{"username", kUsernameLimit},
    TextRule{"password", kLongestPassword},
    TextRule{"code", kCodeLimit, false},
};

constexpr std::string_view kTokenSchema =
    R"({"type": "object", "required": ["access", "token_type", "expires_at"],
        "properties": {"access": {"type": "string"}, "token_type": {"const": "Bearer"},
                       "expires_at": {"type": "string", "format": "date-time"}}})";
constexpr std::string_view kSessionSchema =
    R"({"type": "object", "required": ["by", "expires_at"],
        "properties": {"by": {"enum": ["token", "access_token", "session"]},
                       "expires_at": {"type": "string", "format": "date-time"},
                       "csrf_token": {"type": "string"}}})";
constexpr std::string_view kCredentialsSchema =
    R"({"type": "object", "required": ["username", "password"],
        "properties": {"username": {"type": "string", "minLength": 1, "maxLength": 150},
                       "password": {"type": "string", "minLength": 1, "maxLength": 1024},
                       "code": {"type": "string", "maxLength": 64}}})";

/// A turn for a body that has all that signing in needs. Taken before a try is counted: whoever is
/// turned away has tried nothing.
Result<PasswordTurn> enter(const HubParts& parts, const Json& body) {
  MEDPERF_CHECK(check_texts(body, kLoginTexts));
  return parts.settings.passwords->enter();
}

Result<Verified> verify(const PasswordTurn& turn, const HubParts& parts,
                        const net::Request& request, const Json& body) {
  return verify_credentials(turn, parts.database, parts.settings.secrets,
                            {body.get_string("username"), body.get_string("password"),
                             body.get_string("code"), request.peer},
                            parts.clock.now());
}

Answer token_answer(const HubParts& parts, const domain::Record& user, std::int64_t generation) {
  const auto token =
      parts.tokens.issue(user.text("username"), user.text("email"), generation, parts.clock.now());
  return secret_answer(Json::object({{"access", token.text},
                                     {"token_type", "Bearer"},
                                     {"expires_at", to_iso8601(token.expires_at)}}));
}

Result<Answer> login(const HubParts& parts, const net::Request& request, const Json& body) {
  MEDPERF_TRY(const auto turn, enter(parts, body));
  MEDPERF_TRY(const auto verified, verify(turn, parts, request, body));
  if (verified.code_needed) return refusal_answer(second_factor_required());
  return token_answer(parts, verified.account.user, verified.account.generation);
}

Json session_facts(const std::string& secret, Timestamp ends) {
  return Json::object(
      {{"by", "session"}, {"expires_at", to_iso8601(ends)}, {"csrf_token", csrf_token(secret)}});
}

Result<Answer> open_session(const HubParts& parts, const net::Request& request, const Json& body) {
  // Browsers name the page that sends: another one may not sign anybody in.
  const auto origin = own_origin(request, parts.settings.public_url, parts.trust_forwarded);
  if (!request.header("origin").empty() && !comes_from(request, origin)) {
    return make_error(ErrorKind::kForbidden, {}, "This page may not sign in to this hub.");
  }
  MEDPERF_TRY(const auto turn, enter(parts, body));
  MEDPERF_TRY(const auto verified, verify(turn, parts, request, body));
  if (verified.code_needed) return refusal_answer(second_factor_required());
  const std::string secret = new_secret();
  const Timestamp now = parts.clock.now();
  const Timestamp expires{now.microseconds +
                          static_cast<std::int64_t>(kSessionLifetime.count() * 1e6)};
  const SessionOrigin from = {printable(request.header("user-agent"), kOriginLimit),
                              printable(request.peer, kOriginLimit)};
  const Status stored = parts.database.write([&](sql::Session& session) -> Status {
    MEDPERF_CHECK(add_session(session, secret_hash(secret),
                              {verified.account.user.id(), now, expires}, from, now));
    return ledger::append(
        session, {"session.open", verified.account.user.text("username"), Json::object()}, now);
  });
  if (!stored.ok()) return stored.error();
  Answer answer = secret_answer(session_facts(secret, expires));
  answer.headers["set-cookie"] = set_session_cookie(secret);
  return answer;
}

Result<Answer> show_session(const Call& call) {
  const Caller& caller = call.context.caller;
  if (caller.by == SignedInBy::kSession) {
    return json_answer(session_facts(caller.session_secret, caller.credential_ends));
  }
  return json_answer(
      Json::object({{"by", caller.by == SignedInBy::kToken ? "token" : "access_token"},
                    {"expires_at", to_iso8601(caller.credential_ends)}}));
}

Result<Answer> close_session(const Call& call) {
  const Caller& caller = call.context.caller;
  if (caller.by == SignedInBy::kSession) {
    MEDPERF_CHECK(remove_session(call.context.session, secret_hash(caller.session_secret)));
  }
  Answer answer = no_content();
  answer.headers["set-cookie"] = clear_session_cookie();
  return answer;
}

Result<Answer> sign_out_of_all(const Call& call) {
  const Context& context = call.context;
  MEDPERF_CHECK(sign_out_everywhere(context.session, context.caller.id(), context.now));
  if (call.body.get_bool("access_tokens")) {
    MEDPERF_CHECK(remove_access_tokens(context.session, context.caller.id()));
  }
  Answer answer = no_content();
  answer.headers["set-cookie"] = clear_session_cookie();
  return answer;
}

/// Needs no token but the old password and, if there is one, the second factor: whoever got hold of
/// a session cannot take the account over.
Result<Answer> change_password(const HubParts& parts, const net::Request& request,
                               const Json& body) {
  static constexpr std::array kNew = {TextRule{"new_password", kLongestPassword}};
  MEDPERF_CHECK(check_texts(body, kNew));
  MEDPERF_TRY(const auto turn, enter(parts, body));
  MEDPERF_TRY(const auto verified, verify(turn, parts, request, body));
  if (verified.code_needed) return refusal_answer(second_factor_required());
  const auto& user = verified.account.user;
  const std::string fresh = body.get_string("new_password");
  auto problem = password_problem(fresh, user.text("username"), user.text("email"));
  if (!problem && fresh == body.get_string("password")) problem = "This is the old password.";
  if (problem) return domain::field_error("new_password", *problem);
  MEDPERF_TRY(const auto hash, hash_new_password(turn, fresh));
  const Status stored = parts.database.write([&](sql::Session& session) -> Status {
    const Timestamp now = parts.clock.now();
    MEDPERF_CHECK(set_password(session, user.id(), hash, now));
    MEDPERF_CHECK(sign_out_everywhere(session, user.id(), now));
    return ledger::append(session, {"password.change", user.text("username"), Json::object()}, now);
  });
  if (!stored.ok()) return stored.error();
  return token_answer(parts, user, verified.account.generation + 1);
}

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "auth/login",
     .operation = "auth_login",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400, 401},
     .sentence = "Gives an access token of one hour for a user name and a password; accounts with "
                 "a second factor also send its \"code\".",
     .example = R"({"username": "hospital-a", "password": "...", "code": "123456"})",
     .shows_secret = true,
     .open = login,
     .schema = kTokenSchema,
     .body_schema = kCredentialsSchema},
    {.method = "POST",
     .path = "auth/session/",
     .operation = "session_open",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400, 401, 403},
     .sentence = "Signs a browser in: sets the session cookie and gives the token that its writes "
                 "send as X-CSRF-Token.",
     .example = R"({"username": "hospital-a", "password": "...", "code": "123456"})",
     .shows_secret = true,
     .open = open_session,
     .schema = kSessionSchema,
     .body_schema = kCredentialsSchema},
    {.path = "auth/session/",
     .operation = "session_show",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "How this request is signed in and until when; for a session its CSRF token.",
     .example = R"({"by": "session", "csrf_token": "...", "expires_at": "2026-01-02T03:04:05Z"})",
     .shows_secret = true,
     .handler = show_session,
     .schema = kSessionSchema},
    {.method = "DELETE",
     .path = "auth/session/",
     .operation = "session_close",
     .who = kSignedInOnly,
     .shape = Shape::kNone,
     .statuses = {204},
     .sentence = "Signs the browser out.",
     .handler = close_session},
    {.method = "POST",
     .path = "auth/sign_out_everywhere/",
     .operation = "sign_out_everywhere",
     .who = kSignedInOnly,
     .shape = Shape::kNone,
     .statuses = {204},
     .sentence = "Ends every session and every token that the caller got by signing in; with "
                 "\"access_tokens\": true also those made for programs.",
     .example = R"({"access_tokens": false})",
     .by_person = true,
     .handler = sign_out_of_all,
     .body_schema = R"({"type": "object", "properties": {"access_tokens": {"type": "boolean"}}})"},
    {.method = "POST",
     .path = "auth/password/",
     .operation = "password_change",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400, 401},
     .sentence = "Changes a password, for whoever knows the old one; ends all sessions and gives a "
                 "new access token.",
     .example =
         R"({"username": "hospital-a", "password": "...", "new_password": "a good long sentence"})",
     .shows_secret = true,
     .open = change_password,
     .schema = kTokenSchema,
     .body_schema = R"({"type": "object", "required": ["username", "password", "new_password"],
                        "properties": {
                          "username": {"type": "string", "minLength": 1, "maxLength": 150},
                          "password": {"type": "string", "minLength": 1, "maxLength": 1024},
                          "new_password": {"type": "string", "minLength": 12, "maxLength": 1024},
                          "code": {"type": "string", "maxLength": 64}}})"},
};

}  // namespace

std::span<const Endpoint> sign_in_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
