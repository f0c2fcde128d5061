// Signing in a device without a browser (RFC 8628), with JSON bodies.

#include "hub/services/device.h"

#include <array>

#include "domain/messages.h"
#include "hub/accounts/lockout.h"
#include "hub/api/answers.h"
#include "hub/api/cookies.h"
#include "hub/api/hub.h"
#include "hub/api/resources.h"

namespace medperf::hub {

namespace {

constexpr std::array kStartTexts = {TextRule{"client", 200, false}};
constexpr std::array kPollTexts = {TextRule{"device_code", 100}};
constexpr std::array kDecideTexts = {TextRule{"user_code", 40}, TextRule{"decision", 10}};

Result<Answer> start(const HubParts& parts, const net::Request& request, const Json& body) {
  MEDPERF_CHECK(check_texts(body, kStartTexts));
  MEDPERF_TRY(const auto started, start_device_sign_in(parts.database, body.get_string("client"),
                                                       request.peer, parts.clock.now()));
  const std::string page =
      own_origin(request, parts.settings.public_url, parts.trust_forwarded) + "/device";
  return secret_answer(
      Json::object({{"device_code", started.device_code},
                    {"user_code", started.user_code},
                    {"verification_uri", page},
                    {"verification_uri_complete", page + "?user_code=" + started.user_code},
                    {"expires_in", static_cast<std::int64_t>(kDeviceCodeLifetime.count())},
                    {"interval", kDevicePollInterval}}));
}

std::string_view meaning(std::string_view error) {
  if (error == "authorization_pending") return "Nobody has approved the code yet.";
  if (error == "slow_down") return "Ask less often: five seconds more between two requests.";
  if (error == "access_denied") return "The sign-in was denied.";
  return "The code is wrong, used, or past its time.";
}

Result<Answer> poll(const HubParts& parts, const net::Request&, const Json& body) {
  MEDPERF_CHECK(check_texts(body, kPollTexts));
  MEDPERF_TRY(const auto polled, poll_device_sign_in(parts.database, body.get_string("device_code"),
                                                     parts.clock.now()));
  if (!polled.approved) {
    Answer answer = secret_answer(
        Json::object({{"error", polled.error}, {"error_description", meaning(polled.error)}}));
    answer.status = 400;
    return answer;
  }
  const auto& user = polled.approved->user;
  const auto token = parts.tokens.issue(user.text("username"), user.text("email"),
                                        polled.approved->generation, parts.clock.now());
  return secret_answer(Json::object({{"access", token.text},
                                     {"username", user.text("username")},
                                     {"token_type", "Bearer"},
                                     {"expires_at", to_iso8601(token.expires_at)}}));
}

Result<Answer> decide(const Call& call) {
  MEDPERF_CHECK(check_texts(call.body, kDecideTexts));
  const std::string word = call.body.get_string("decision");
  if (word != "show" && word != "approve" && word != "deny") {
    return domain::field_error("decision", domain::choice_message(word));
  }
  const Context& context = call.context;
  const Aims aims = {aim_at_codes_of(context.caller.id())};
  MEDPERF_TRY(const auto allowed, count_try(context.session, aims, context.now));
  if (!allowed) {
    return refusal_answer(call, domain::field_error("user_code",
                                                    "Too many wrong codes. Try again "
                                                    "in 15 minutes."));
  }
  const DeviceDecision decision = word == "show"      ? DeviceDecision::kShow
                                  : word == "approve" ? DeviceDecision::kApprove
                                                      : DeviceDecision::kDeny;
  MEDPERF_TRY(const auto code,
              decide_device_sign_in(context, call.body.get_string("user_code"), decision));
  if (!code) {
    return refusal_answer(call,
                          domain::field_error("user_code", "No sign-in waits with this code."));
  }
  // Not forgotten: whoever starts a sign-in has a right code to show between two guesses.
  MEDPERF_CHECK(take_back_tries(context.session, aims));
  return json_answer(Json::object({{"client", code->client},
                                   {"peer", code->peer},
                                   {"created_at", to_iso8601(code->created_at)},
                                   {"expires_at", to_iso8601(code->expires_at)}}));
}

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "auth/device/code/",
     .operation = "device_start",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400, 401},
     .sentence = "Starts the sign-in of a device: gives its secret code and the short one for a "
                 "person.",
     .example = R"({"client": "medperf on node-7"})",
     .shows_secret = true,
     .open = start,
     .schema = R"({"type": "object",
                   "required": ["device_code", "user_code", "verification_uri", "expires_in",
                                "interval"],
                   "properties": {"device_code": {"type": "string"},
                                  "user_code": {"type": "string"},
                                  "verification_uri": {"type": "string"},
                                  "verification_uri_complete": {"type": "string"},
                                  "expires_in": {"type": "integer"},
                                  "interval": {"type": "integer"}}})",
     .body_schema = R"({"type": "object",
                        "properties": {"client": {"type": "string", "maxLength": 200}}})"},
    {.method = "POST",
     .path = "auth/device/token/",
     .operation = "device_poll",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400},
     .sentence = "The access token once a person has approved; until then 400 with \"error\": "
                 "authorization_pending, slow_down, access_denied or expired_token.",
     .example = R"({"device_code": "..."})",
     .shows_secret = true,
     .open = poll,
     .schema = R"({"type": "object", "required": ["access", "username", "expires_at"],
                   "properties": {"access": {"type": "string"}, "username": {"type": "string"},
                                  "token_type": {"const": "Bearer"},
                                  "expires_at": {"type": "string", "format": "date-time"}}})",
     .body_schema = R"({"type": "object", "required": ["device_code"],
                        "properties": {"device_code": {"type": "string", "minLength": 1,
                                                       "maxLength": 100}}})",
     .refusal_schema = R"({"type": "object", "required": ["error", "error_description"],
                           "properties": {"error": {"enum": ["authorization_pending", "slow_down",
                                                             "access_denied", "expired_token"]},
                                          "error_description": {"type": "string"}}})"},
    {.method = "POST",
     .path = "auth/device/approval/",
     .operation = "device_decide",
     .who = kSignedInOnly,
     .shape = Shape::kOther,
     .statuses = {200, 400},
     .sentence = "Shows, approves or denies the sign-in that waits with a code: the device then "
                 "acts as the caller.",
     .example = R"({"user_code": "BCDF-GHJK", "decision": "approve"})",
     .by_person = true,
     .shows_secret = true,
     .handler = decide,
     .schema = R"({"type": "object", "required": ["client", "peer", "created_at", "expires_at"],
                   "properties": {"client": {"type": "string"}, "peer": {"type": "string"},
                                  "created_at": {"type": "string", "format": "date-time"},
                                  "expires_at": {"type": "string", "format": "date-time"}}})",
     .body_schema = R"({"type": "object", "required": ["user_code", "decision"],
                        "properties": {
                          "user_code": {"type": "string", "minLength": 1, "maxLength": 40},
                          "decision": {"enum": ["show", "approve", "deny"]}}})"},
};

}  // namespace

std::span<const Endpoint> device_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
