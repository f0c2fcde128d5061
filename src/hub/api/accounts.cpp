// What admins do to accounts. Admins themselves are made by medperf-hub user promote only.

#include "domain/messages.h"
#include "hub/api/answers.h"
#include "hub/api/resources.h"
#include "hub/services/account_care.h"
#include "hub/store/repository.h"
#include "hub/store/second_factors.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kActiveSchema =
    R"({"type": "object", "required": ["active"], "properties": {"active": {"type": "boolean"}}})";
constexpr std::string_view kNothing = R"({"type": "object"})";

Result<domain::Record> subject_of(const Call& call) {
  MEDPERF_TRY(
      auto user,
      Repository(Entity::kUser, call.context.sight()).get(call.context.session, call.ids[0]));
  call.context.notes.set("username", user.text("username"));
  return user;
}

Result<Answer> set_active(const Call& call) {
  const Json* value = call.body.find("active");
  if (value == nullptr) return domain::field_error("active", domain::kRequiredMessage);
  if (!value->is_bool()) return domain::field_error("active", domain::kBooleanMessage);
  const bool active = value->as_bool();
  if (!active && call.ids[0] == call.context.caller.id()) {
    return domain::field_error("active", "Nobody disables the account they use.");
  }
  MEDPERF_TRY(const auto user, subject_of(call));
  call.context.notes.set("active", active);
  MEDPERF_CHECK(active ? enable_account(call.context.session, user)
                       : disable_account(call.context.session, user, call.context.now));
  return json_answer(Json::object({{"active", active}}));
}

Result<Answer> unlock(const Call& call) {
  MEDPERF_TRY(const auto user, subject_of(call));
  MEDPERF_CHECK(unlock_account(call.context.session, user, call.context.now));
  return no_content();
}

Result<Answer> reset_password(const Call& call) {
  MEDPERF_TRY(const auto user, subject_of(call));
  MEDPERF_TRY(const auto reset, start_password_reset(call.context.session, user, call.context.now));
  return json_answer(
      Json::object({{"reset_code", reset.secret}, {"expires_at", to_iso8601(reset.expires_at)}}));
}

Result<Answer> remove_factor(const Call& call) {
  MEDPERF_TRY(const auto user, subject_of(call));
  MEDPERF_CHECK(remove_second_factor(call.context.session, user.id()));
  return no_content();
}

const Endpoint kEndpoints[] = {
    {.method = "PUT",
     .path = "users/{id}/active/",
     .operation = "users_active",
     .who = kAdminOnly,
     .subject = SubjectKind::kUser,
     .shape = Shape::kOther,
     .statuses = {200, 400, 403, 404},
     .sentence = "Shuts an account out at its next request, whatever token or session it has, or "
                 "lets it in again.",
     .example = R"({"active": false})",
     .by_person = true,
     .handler = set_active,
     .schema = kActiveSchema,
     .body_schema = kActiveSchema},
    {.method = "POST",
     .path = "users/{id}/unlock/",
     .operation = "users_unlock",
     .who = kAdminOnly,
     .subject = SubjectKind::kUser,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Forgets the wrong tries that lock an account.",
     .example = "{}",
     .by_person = true,
     .handler = unlock,
     .body_schema = kNothing},
    {.method = "POST",
     .path = "users/{id}/password_reset/",
     .operation = "users_password_reset",
     .who = kAdminOnly,
     .subject = SubjectKind::kUser,
     .shape = Shape::kOther,
     .statuses = {200, 403, 404},
     .sentence = "Gives a code, shown once and good for a day, with which the user sets a new "
                 "password.",
     .example = "{}",
     .by_person = true,
     .shows_secret = true,
     .handler = reset_password,
     .schema = R"({"type": "object", "required": ["reset_code", "expires_at"],
                   "properties": {"reset_code": {"type": "string", "pattern": "^mprs_"},
                                  "expires_at": {"type": "string", "format": "date-time"}}})",
     .body_schema = kNothing},
    {.method = "DELETE",
     .path = "users/{id}/second_factor/",
     .operation = "users_second_factor_delete",
     .who = kAdminOnly,
     .subject = SubjectKind::kUser,
     .shape = Shape::kNone,
     .statuses = {204, 403, 404},
     .sentence = "Removes the second factor of a user who lost it.",
     .by_person = true,
     .handler = remove_factor},
};

}  // namespace

std::span<const Endpoint> account_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
