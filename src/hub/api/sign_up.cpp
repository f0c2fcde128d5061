// Making accounts: invitations, and what their holders do with them.

#include "hub/services/sign_up.h"

#include <array>

#include "hub/accounts/passwords.h"
#include "hub/api/handlers.h"
#include "hub/api/hub.h"
#include "hub/api/resources.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::size_t kSecretLimit = 100;
constexpr std::size_t kNameLimit = 254;
constexpr std::array kSignUpTexts = {
    TextRule{"username", kNameLimit},
    TextRule{"password", kLongestPassword},
    TextRule{"email", kNameLimit, false},
    TextRule{"invitation", kSecretLimit, false},
};
constexpr std::array kResetTexts = {
    TextRule{"reset_code", kSecretLimit},
    TextRule{"password", kLongestPassword},
};

Result<Answer> make_account(const HubParts& parts, const net::Request& request, const Json& body) {
  MEDPERF_CHECK(check_texts(body, kSignUpTexts));
  const Newcomer newcomer{body.get_string("invitation"), body.get_string("username"),
                          body.get_string("email"), body.get_string("password"), request.peer};
  MEDPERF_TRY(const auto id, sign_up(parts.database, parts.settings, newcomer, parts.clock));
  Answer answer = json_answer(Json::object({{"id", id}, {"username", newcomer.username}}));
  answer.status = 201;
  return answer;
}

Result<Answer> reset_password(const HubParts& parts, const net::Request& request,
                              const Json& body) {
  MEDPERF_CHECK(check_texts(body, kResetTexts));
  MEDPERF_CHECK(set_password_by_reset(parts.database, parts.settings, body.get_string("reset_code"),
                                      body.get_string("password"), request.peer, parts.clock));
  return no_content();
}

Result<Answer> list(const Call& call) {
  return page_answer(call, Entity::kInvitation, {}, wire::Form::kFull);
}

Result<Answer> create(const Call& call) {
  MEDPERF_TRY(const auto invited, invite(call.context, call.body));
  Json body = wire::write_json(invited.invitation, wire::Form::kFull);
  body.set("invitation", invited.secret);
  Answer answer = json_answer(body);
  answer.status = 201;
  return answer;
}

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "auth/sign_up/",
     .operation = "sign_up",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {201, 400, 401, 403},
     .sentence = "Makes an account: with an invitation, or without one where the hub is open.",
     .example = R"({"invitation": "mpin_...", "username": "hospital-a",
                    "email": "it@hospital-a.example", "password": "a good long sentence"})",
     .shows_secret = true,
     .open = make_account,
     .schema = R"({"type": "object", "required": ["id", "username"],
                   "properties": {"id": {"type": "integer"}, "username": {"type": "string"}}})",
     .body_schema = R"({"type": "object", "required": ["username", "password"],
                        "properties": {
                          "username": {"type": "string", "pattern": "^[A-Za-z0-9._@+-]{1,150}$"},
                          "password": {"type": "string", "minLength": 12, "maxLength": 1024},
                          "email": {"type": "string", "maxLength": 254},
                          "invitation": {"type": "string", "maxLength": 100}}})"},
    {.method = "POST",
     .path = "auth/password/reset/",
     .operation = "password_reset_use",
     .who = kAnyone,
     .shape = Shape::kNone,
     .statuses = {204, 400, 401},
     .sentence = "Sets a new password with a reset code that an admin gave.",
     .example = R"({"reset_code": "mprs_...", "password": "a good long sentence"})",
     .shows_secret = true,
     .open = reset_password,
     .body_schema = R"({"type": "object", "required": ["reset_code", "password"],
                        "properties": {
                          "reset_code": {"type": "string", "minLength": 1, "maxLength": 100},
                          "password": {"type": "string", "minLength": 12, "maxLength": 1024}}})"},
    {.path = "invitations/",
     .operation = "invitations_list",
     .who = kAdminOnly,
     .answer = Entity::kInvitation,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Every invitation, used or not; without its secret.",
     .handler = list},
    {.method = "POST",
     .path = "invitations/",
     .operation = "invitations_create",
     .who = kAdminOnly,
     .body = Entity::kInvitation,
     .shape = Shape::kOther,
     .statuses = {201, 400, 403},
     .sentence = "Makes an invitation; \"invitation\" in the answer is its secret, shown once.",
     .example = R"({"email": "it@hospital-a.example"})",
     .by_person = true,
     .shows_secret = true,
     .handler = create,
     .schema = R"({"type": "object",
                   "required": ["id", "email", "created_at", "expires_at", "invitation"],
                   "properties": {"id": {"type": "integer"}, "email": {"type": "string"},
                                  "created_at": {"type": "string", "format": "date-time"},
                                  "expires_at": {"type": "string", "format": "date-time"},
                                  "invitation": {"type": "string", "pattern": "^mpin_"}}})"},
    {.method = "DELETE",
     .path = "invitations/{id}/",
     .operation = "invitations_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kInvitation,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Withdraws an invitation.",
     .handler = remove_object<Entity::kInvitation>},
};

}  // namespace

std::span<const Endpoint> sign_up_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
