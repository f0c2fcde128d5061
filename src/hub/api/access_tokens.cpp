// Tokens that a user makes for programs.

#include "hub/store/access_tokens.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "hub/accounts/secrets.h"
#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/lifetimes.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::int64_t kDays = 90;
constexpr std::int64_t kMostTokens = 100;

Result<Answer> list(const Call& call) {
  return page_answer(call, Entity::kAccessToken,
                     rows_with(domain::kOwnerField, call.context.caller.id()), wire::Form::kFull);
}

Result<Answer> create(const Call& call) {
  const Context& context = call.context;
  MEDPERF_TRY(auto token, accept_create(context, Entity::kAccessToken, call.body));
  MEDPERF_CHECK(settle_expiry(token, context.now, kDays));
  if (token.text("scope") == "admin" && !context.caller.admin) {
    return domain::field_error("scope", "Only an admin makes tokens of this scope.");
  }
  MEDPERF_TRY(const auto count, count_access_tokens(context.session, context.caller.id()));
  if (count >= kMostTokens) {
    return domain::object_error("An account has at most 100 tokens: remove one.");
  }
  const std::string secret = new_secret(kAccessTokenPrefix);
  MEDPERF_CHECK(add_access_token(context.session, token, secret_hash(secret)));
  context.notes.set("id", token.id());
  context.notes.set("scope", token.text("scope"));
  Json body = wire::write_json(token, wire::Form::kFull);
  body.set("token", secret);
  Answer answer = json_answer(body);
  answer.status = 201;
  return answer;
}

const Endpoint kEndpoints[] = {
    {.path = "me/access_tokens/",
     .operation = "access_tokens_list",
     .who = kSignedInOnly,
     .answer = Entity::kAccessToken,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "The caller's tokens for programs; without their text.",
     .handler = list},
    {.method = "POST",
     .path = "me/access_tokens/",
     .operation = "access_tokens_create",
     .who = kSignedInOnly,
     .body = Entity::kAccessToken,
     .shape = Shape::kOther,
     .statuses = {201, 400},
     .sentence = "Makes a token for a program, used as Bearer; \"token\" in the answer is its "
                 "text, shown once.",
     .example = R"({"name": "nightly report", "scope": "read"})",
     .by_person = true,
     .shows_secret = true,
     .handler = create,
     .schema = R"({"type": "object",
                   "required": ["id", "name", "scope", "created_at", "expires_at", "token"],
                   "properties": {"id": {"type": "integer"}, "name": {"type": "string"},
                                  "scope": {"enum": ["read", "write", "admin"]},
                                  "created_at": {"type": "string", "format": "date-time"},
                                  "expires_at": {"type": "string", "format": "date-time"},
                                  "token": {"type": "string", "pattern": "^mpat_"}}})"},
    {.method = "DELETE",
     .path = "me/access_tokens/{id}/",
     .operation = "access_tokens_delete",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kAccessToken,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Revokes a token: its next request is refused.",
     .by_person = true,
     .handler = remove_object<Entity::kAccessToken>},
};

}  // namespace

std::span<const Endpoint> access_token_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
