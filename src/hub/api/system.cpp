// The hub itself: signing in, version, health, its own description.

#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "hub/accounts/login.h"
#include "hub/api/answers.h"
#include "hub/api/hub.h"
#include "hub/api/openapi.h"
#include "hub/api/resources.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kUsernameLimit = 150;
constexpr std::size_t kPasswordLimit = 1024;

void check_credential(const Json& body, std::string_view key, std::size_t limit,
                      std::vector<FieldError>& errors) {
  const Json* value = body.find(key);
  const std::string field(key);
  if (value == nullptr) {
    errors.push_back({field, std::string(domain::kRequiredMessage)});
  } else if (!value->is_string()) {
    errors.push_back({field, std::string(domain::kTextMessage)});
  } else if (value->as_string().empty()) {
    errors.push_back({field, std::string(domain::kBlankMessage)});
  } else if (value->as_string().size() > limit) {
    errors.push_back({field, domain::max_length_message(static_cast<int>(limit))});
  }
}

Result<Answer> login(const HubParts& parts, const net::Request&, const Json& body) {
  std::vector<FieldError> errors;
  check_credential(body, "username", kUsernameLimit, errors);
  check_credential(body, "password", kPasswordLimit, errors);
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  MEDPERF_TRY(auto token, sign_in(parts.database, parts.tokens, body.get_string("username"),
                                  body.get_string("password"), parts.clock.now()));
  Answer answer = json_answer(Json::object({{"access", token.text},
                                            {"token_type", "Bearer"},
                                            {"expires_at", to_iso8601(token.expires_at)}}));
  answer.headers["cache-control"] = "no-store";
  return answer;
}

Result<Answer> version(const HubParts&, const net::Request&, const Json&) {
  return json_answer(
      Json::object({{"version", "v0"}, {"software", "medperf-hub " MEDPERF_VERSION}}));
}

Result<Answer> healthz(const HubParts&, const net::Request&, const Json&) {
  return json_answer(Json::object({{"status", "ok"}}));
}

Result<Answer> readyz(const HubParts& parts, const net::Request&, const Json&) {
  const auto not_ready = [](std::string_view why) {
    Answer answer = json_answer(Json::object({{"status", "not ready"}, {"detail", why}}));
    answer.status = 503;
    return answer;
  };
  if (parts.draining != nullptr && *parts.draining) return not_ready("the hub is shutting down");
  auto asked = parts.database.read([](sql::Session& session) { return session.query("SELECT 1"); });
  if (!asked.ok()) return not_ready("the database does not answer");
  return json_answer(Json::object({{"status", "ok"}}));
}

Result<Answer> description(const HubParts&, const net::Request&, const Json&) {
  static const std::string text = to_text(openapi_document(all_endpoints()));
  return Answer{200, text, {}};
}

constexpr domain::Relations kAnyone = {domain::Relation::kAnyone};

constexpr std::string_view kDocumentSchema =
    R"({"type": "object", "required": ["openapi", "info", "paths", "components"],
        "properties": {"openapi": {"const": "3.1.0"}, "paths": {"type": "object"}}})";

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "auth/login",
     .operation = "auth_login",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 400, 401},
     .sentence = "Gives an access token of one hour for a user name and a password.",
     .example = R"({"username": "hospital-a", "password": "..."})",
     .open = login,
     .schema = R"({"type": "object", "required": ["access", "token_type", "expires_at"],
                   "properties": {"access": {"type": "string"}, "token_type": {"const": "Bearer"},
                                  "expires_at": {"type": "string", "format": "date-time"}}})",
     .body_schema = R"({"type": "object", "required": ["username", "password"],
                        "properties": {
                          "username": {"type": "string", "minLength": 1, "maxLength": 150},
                          "password": {"type": "string", "minLength": 1, "maxLength": 1024}}})"},
    {.path = "/version",
     .operation = "version",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "The contract's version and the program's.",
     .example = R"({"version": "v0", "software": "medperf-hub 0.1.0"})",
     .open = version,
     .schema = R"({"type": "object", "required": ["version", "software"],
                   "properties": {"version": {"const": "v0"}, "software": {"type": "string"}}})"},
    {.path = "/healthz",
     .operation = "healthz",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "Answers as long as the process runs.",
     .example = R"({"status": "ok"})",
     .open = healthz,
     .schema = R"({"type": "object", "required": ["status"],
                   "properties": {"status": {"const": "ok"}}})"},
    {.path = "/readyz",
     .operation = "readyz",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200, 503},
     .sentence =
         "Whether the hub takes requests: its database answers and it is not shutting down.",
     .example = R"({"status": "ok"})",
     .open = readyz,
     .schema = R"({"type": "object", "required": ["status"],
                   "properties": {"status": {"type": "string"}, "detail": {"type": "string"}}})"},
    {.path = "/openapi.json",
     .operation = "openapi",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "This description of every endpoint.",
     .open = description,
     .schema = kDocumentSchema},
    {.path = "/schema/",
     .operation = "schema",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "The same, where the existing hub has it.",
     .open = description,
     .schema = kDocumentSchema},
};

}  // namespace

std::span<const Endpoint> system_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
