// The hub itself: version, health, key, its own description.

#include <string>

#include "hub/api/answers.h"
#include "hub/api/hub.h"
#include "hub/api/openapi.h"
#include "hub/api/resources.h"
#include "hub/store/health.h"

namespace medperf::hub {

namespace {

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
  if (!check_answering(parts.database).ok()) return not_ready("the database does not answer");
  return json_answer(Json::object({{"status", "ok"}}));
}

Result<Answer> keys(const HubParts& parts, const net::Request&, const Json&) {
  return json_answer(parts.tokens.public_keys());
}

Result<Answer> description(const HubParts&, const net::Request&, const Json&) {
  static const std::string text = to_text(openapi_document(all_endpoints()));
  return Answer{200, text, {}};
}

constexpr std::string_view kDocumentSchema =
    R"({"type": "object", "required": ["openapi", "info", "paths", "components"],
        "properties": {"openapi": {"const": "3.1.0"}, "paths": {"type": "object"}}})";

const Endpoint kEndpoints[] = {
    {.path = "/.well-known/jwks.json",
     .operation = "jwks",
     .who = kAnyone,
     .shape = Shape::kOther,
     .statuses = {200},
     .sentence = "The public key that checks this hub's access tokens.",
     .example = R"({"keys": []})",
     .open = keys,
     .schema = R"({"type": "object", "required": ["keys"],
                   "properties": {"keys": {"type": "array", "items": {"type": "object"}}}})"},
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
