// The caller's own second factor.

#include "hub/accounts/second_factor.h"

#include <array>

#include "domain/messages.h"
#include "hub/accounts/lockout.h"
#include "hub/api/answers.h"
#include "hub/api/resources.h"

namespace medperf::hub {

namespace {

constexpr std::array kCodeTexts = {TextRule{"code", 64}};

constexpr std::string_view kCodeSchema =
    R"({"type": "object", "required": ["code"],
        "properties": {"code": {"type": "string", "minLength": 1, "maxLength": 64}}})";

/// Answers a wrong code so that the try stays counted.
Answer wrong_code(const Call& call) {
  return refusal_answer(call,
                        domain::field_error("code", "This code is wrong or was used before."));
}

/// Counts a try at the caller's codes. False: there were too many.
Result<bool> may_try(const Call& call) {
  return count_try(call.context.session, {aim_at_codes_of(call.context.caller.id())},
                   call.context.now);
}

Answer too_many(const Call& call) {
  return refusal_answer(
      call, domain::field_error("code", "Too many wrong codes. Try again in 15 minutes."));
}

Status right_code(const Call& call) {
  return forget_tries(call.context.session, {aim_at_codes_of(call.context.caller.id())},
                      call.context.now);
}

Result<Answer> show(const Call& call) {
  auto& session = call.context.session;
  MEDPERF_TRY(const auto factor, find_second_factor(session, call.context.caller.id()));
  MEDPERF_TRY(const auto left, recovery_codes_left(session, call.context.caller.id()));
  return json_answer(
      Json::object({{"confirmed", factor && factor->confirmed}, {"recovery_codes_left", left}}));
}

Result<Answer> start(const Call& call) {
  const Context& context = call.context;
  MEDPERF_TRY(const auto made,
              start_enrolment(context.session, context.settings.secrets, context.caller.id(),
                              context.caller.username(), context.now));
  return json_answer(Json::object({{"secret", made.secret}, {"uri", made.uri}}));
}

Result<Answer> confirm(const Call& call) {
  MEDPERF_CHECK(check_texts(call.body, kCodeTexts));
  MEDPERF_TRY(const auto allowed, may_try(call));
  if (!allowed) return too_many(call);
  const Context& context = call.context;
  MEDPERF_TRY(const auto codes,
              confirm_enrolment(context.session, context.settings.secrets, context.caller.id(),
                                call.body.get_string("code"), context.now));
  if (!codes) return wrong_code(call);
  MEDPERF_CHECK(right_code(call));
  Json list = Json::array();
  for (const auto& code : *codes) list.push(code);
  return json_answer(Json::object({{"recovery_codes", std::move(list)}}));
}

Result<Answer> remove(const Call& call) {
  MEDPERF_CHECK(check_texts(call.body, kCodeTexts));
  MEDPERF_TRY(const auto allowed, may_try(call));
  if (!allowed) return too_many(call);
  const Context& context = call.context;
  MEDPERF_TRY(const auto right,
              use_code(context.session, context.settings.secrets, context.caller.id(),
                       call.body.get_string("code"), context.now));
  if (!right) return wrong_code(call);
  MEDPERF_CHECK(right_code(call));
  MEDPERF_CHECK(remove_second_factor(context.session, context.caller.id()));
  return no_content();
}

const Endpoint kEndpoints[] = {
    {.path = "me/second_factor/",
     .operation = "second_factor_show",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "Whether signing in needs a code, and how many recovery codes are left.",
     .example = R"({"confirmed": true, "recovery_codes_left": 10})",
     .handler = show,
     .schema = R"({"type": "object", "required": ["confirmed", "recovery_codes_left"],
                   "properties": {"confirmed": {"type": "boolean"},
                                  "recovery_codes_left": {"type": "integer"}}})"},
    {.method = "POST",
     .path = "me/second_factor/",
     .operation = "second_factor_start",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200, 409, 503},
     .sentence = "Gives a new secret for an authenticator app (TOTP, RFC 6238), shown once; it "
                 "counts from its first code on.",
     .example = "{}",
     .by_person = true,
     .shows_secret = true,
     .handler = start,
     .schema = R"({"type": "object", "required": ["secret", "uri"],
                   "properties": {"secret": {"type": "string"}, "uri": {"type": "string"}}})",
     .body_schema = R"({"type": "object"})"},
    {.method = "POST",
     .path = "me/second_factor/confirm/",
     .operation = "second_factor_confirm",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200, 400, 409},
     .sentence = "Confirms the secret with a first code; gives ten recovery codes, shown once.",
     .example = R"({"code": "123456"})",
     .by_person = true,
     .shows_secret = true,
     .handler = confirm,
     .schema = R"({"type": "object", "required": ["recovery_codes"],
                   "properties": {"recovery_codes": {"type": "array",
                                                     "items": {"type": "string"}}}})",
     .body_schema = kCodeSchema},
    {.method = "POST",
     .path = "me/second_factor/remove/",
     .operation = "second_factor_remove",
     .who = kSignedInOnly,
     .shape = Shape::kNone,
     .statuses = {204, 400},
     .sentence = "Removes the second factor, against one of its codes.",
     .example = R"({"code": "123456"})",
     .by_person = true,
     .shows_secret = true,
     .handler = remove,
     .body_schema = kCodeSchema},
};

}  // namespace

std::span<const Endpoint> second_factor_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
