#include "hub/api/errors.h"

#include <cmath>
#include <string>

#include "base/encoding.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/names.h"
#include "wire/entity_json.h"

namespace medperf::hub {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kRefused:
    case ErrorKind::kCorrupt:
      return 400;
    case ErrorKind::kUnauthenticated:
      return 401;
    case ErrorKind::kForbidden:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kBusy:
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimedOut:
    case ErrorKind::kInterrupted:
      return 503;
    case ErrorKind::kBug:
      return 500;
  }
  return 500;
}

namespace {

net::Response json_response(int status, const Json& body) {
  net::Response response;
  response.status = status;
  response.body = to_text(body);
  if (status == 401) response.headers["www-authenticate"] = "Bearer realm=\"api\"";
  if (status == 503) response.headers["retry-after"] = "2";
  return response;
}

}  // namespace

net::Response error_response(const Error& error, std::string_view request_id) {
  const int status = status_of(error.kind);
  if (status >= 500) {
    log::error("request.failed", {{"request_id", request_id},
                                  {"kind", to_string(error.kind)},
                                  {"what", error.text()},
                                  {"cause", error.cause}});
    return detail_response(status, status == 500 ? "Internal error. Quote request id " +
                                                       std::string(request_id) + " to the platform."
                                                 : "The hub cannot answer now. Try again later.");
  }
  if (!error.fields.empty()) return json_response(status, wire::field_errors_json(error.fields));
  if (status == 400) {
    return json_response(
        status,
        Json::object({{std::string(domain::kNonFieldErrors), Json::array({Json(error.text())})}}));
  }
  return detail_response(status, error.text());
}

net::Response detail_response(int status, std::string_view detail) {
  return json_response(status, Json::object({{"detail", detail}}));
}

net::Response missing_credentials() {
  return detail_response(401, "Authentication credentials were not provided.");
}

net::Response bad_authorization_header() {
  return json_response(
      401, Json::object({{"detail", "Authorization header must contain two space-delimited values"},
                         {"code", "bad_authorization_header"}}));
}

net::Response bad_token(std::string_view reason) {
  const Json message = Json::object(
      {{"token_class", "AccessToken"}, {"token_type", "access"}, {"message", printable(reason)}});
  return json_response(401, Json::object({{"detail", "Given token not valid for any token type"},
                                          {"code", "token_not_valid"},
                                          {"messages", Json::array({message})}}));
}

net::Response inactive_user() {
  return json_response(401,
                       Json::object({{"detail", "User is inactive"}, {"code", "user_inactive"}}));
}

net::Response throttled(Seconds wait) {
  const std::string seconds = std::to_string(static_cast<std::int64_t>(std::ceil(wait.count())));
  net::Response response =
      detail_response(429, "Request was throttled. Expected available in " + seconds + " seconds.");
  response.headers["retry-after"] = seconds;
  return response;
}

net::Response second_factor_required() {
  return json_response(
      401, Json::object({{"detail", "A code of the second factor is needed: send it as \"code\"."},
                         {"code", "second_factor_required"}}));
}

}  // namespace medperf::hub
