#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "site/hub_client/hub.h"

namespace medperf::site {
namespace {

constexpr std::size_t kMaxFieldErrors = 100;

/// Flattens a v0 error body: {"container": {"name": ["..."]}} -> "container.name".
void collect(const Json& value, const std::string& path, std::vector<FieldError>& out) {
  if (out.size() >= kMaxFieldErrors) return;
  if (value.is_string()) {
    out.push_back({path, printable(value.as_string(), 500)});
  } else if (value.is_array()) {
    for (const Json& item : value.items()) collect(item, path, out);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.members()) {
      const std::string name = printable(key, 100);
      collect(member, path.empty() ? name : path + "." + name, out);
    }
  }
}

struct Meaning {
  ErrorKind kind;
  std::string_view what;
  std::string_view advice;
};

Meaning meaning_of(int status) {
  switch (status) {
    case 400:
      return {ErrorKind::kInvalid, "the hub did not accept the request", ""};
    case 401:
      return {ErrorKind::kUnauthenticated, "the hub did not accept the sign-in",
              "sign in again with 'medperf auth login'"};
    case 403:
      return {ErrorKind::kForbidden, "this account may not do that",
              "check the account with 'medperf auth status' and ask the owner of the object"};
    case 404:
      return {ErrorKind::kNotFound, "the hub has no such object", "check the number"};
    case 405:
      return {ErrorKind::kInvalid, "the hub does not offer this operation",
              "the hub may be of an older version"};
    case 409:
      return {ErrorKind::kConflict, "the request clashes with what the hub holds", ""};
    case 413:
      return {ErrorKind::kTooLarge, "the hub found the request too large", ""};
    case 429:
      return {ErrorKind::kBusy, "the hub asks to wait", "try again later"};
    default:
      break;
  }
  if (status >= 500) {
    return {ErrorKind::kUnavailable, "the hub cannot serve the request now", "try again later"};
  }
  return {ErrorKind::kCorrupt, "the hub answered with an unexpected status",
          "check that hub.url names a MedPerf hub"};
}

bool is_passing_trouble(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

Error error_of_reply(const net::Reply& reply, const std::string& where) {
  const Meaning meaning = meaning_of(reply.status);
  Error error = make_error(meaning.kind, where, std::string(meaning.what),
                           std::string(meaning.advice), fmt::format("status {}", reply.status));
  auto body = parse_json(reply.body);
  if (!body.ok()) {
    error.what += fmt::format(" (status {})", reply.status);
    return error;
  }
  collect(*body, "", error.fields);
  std::string said;
  for (const FieldError& field : error.fields) {
    if (field.field == "code" || field.field.starts_with("messages")) continue;
    if (!said.empty()) said += "; ";
    const bool general =
        field.field.empty() || field.field == "detail" || field.field.ends_with("non_field_errors");
    said += general ? field.message : field.field + ": " + field.message;
    while (said.ends_with('.')) said.pop_back();
  }
  if (!said.empty()) error.what += ": " + said;
  return error;
}

Hub::Hub(HubOptions options, Transport transport, Pause pause, Notice notice)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      pause_(std::move(pause)),
      notice_(std::move(notice)) {
  while (options_.url.ends_with('/')) options_.url.pop_back();
}

net::Call Hub::make_call(std::string method, const std::string& path) const {
  net::Call call;
  call.method = std::move(method);
  call.url = options_.url + (path.starts_with('/') ? path : std::string(paths::api()) + path);
  call.headers["accept"] = "application/json";
  if (!token_.empty()) call.headers["authorization"] = "Bearer " + token_;
  return call;
}

Hub::Attempt Hub::attempt(const net::Call& call) const {
  auto reply = transport_(call);
  if (!reply.ok()) {
    const ErrorKind kind = reply.error().kind;
    return {std::move(reply), kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimedOut};
  }
  const bool again = is_passing_trouble(reply->status);
  return {std::move(reply), again};
}

Result<Json> Hub::exchange(net::Call call, bool may_repeat) {
  Seconds waited{0};
  Seconds step{0.1};
  bool told = false;
  while (true) {
    Attempt last = attempt(call);
    if (!last.try_again || !may_repeat || waited >= options_.retry_for) {
      if (!last.reply.ok()) {
        Error error = std::move(last.reply).error();
        if (error.kind == ErrorKind::kUnavailable && error.advice.empty()) {
          error.advice = "check hub.url in config.yaml and run 'medperf doctor'";
        }
        return error;
      }
      const net::Reply& reply = *last.reply;
      const std::string where = call.method + " " + call.url;
      if (reply.status < 200 || reply.status > 299) return error_of_reply(reply, where);
      if (reply.body.empty()) return Json();
      auto body = parse_json(reply.body);
      if (!body.ok()) {
        return make_error(ErrorKind::kCorrupt, where, "the answer is no JSON",
                          "check that hub.url names a MedPerf hub", body.error().text());
      }
      return body;
    }
    if (!told && notice_) {
      notice_(fmt::format("{} does not answer; trying again for up to {:.0f} s", options_.url,
                          options_.retry_for.count()));
      told = true;
    }
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, call.url, "stopped while waiting for the hub");
    }
    pause_(step);
    waited += step;
    step = std::min(step * 2, Seconds{2});
  }
}

Result<Json> Hub::get(const Path<kGet>& path, const net::Query& query) {
  net::Call call = make_call("GET", path.text);
  if (!query.empty()) call.url += "?" + net::to_query_text(query);
  return exchange(std::move(call), true);
}

Result<Json> Hub::post(const Path<kPost>& path, const Json& body,
                       const std::string& idempotency_key) {
  net::Call call = make_call("POST", path.text);
  call.headers["content-type"] = "application/json";
  if (!idempotency_key.empty()) call.headers["idempotency-key"] = idempotency_key;
  call.body = to_text(body);
  return exchange(std::move(call), !idempotency_key.empty());
}

net::Call Hub::put_call(const Path<kPut>& path, const Json& body) const {
  net::Call call = make_call("PUT", path.text);
  call.headers["content-type"] = "application/json";
  call.body = to_text(body);
  return call;
}

Result<Json> Hub::put(const Path<kPut>& path, const Json& body) {
  return exchange(put_call(path, body), true);
}

Result<Json> Hub::put_once(const Path<kPut>& path, const Json& body) {
  return exchange(put_call(path, body), false);
}

Status Hub::remove(const Path<kDelete>& path) {
  MEDPERF_CHECK(exchange(make_call("DELETE", path.text), false));
  return {};
}

Result<std::optional<Json>> Hub::get_if_there(const Path<kGet>& path) {
  auto answer = get(path);
  if (answer.ok()) return std::optional<Json>(std::move(*answer));
  if (answer.error().kind == ErrorKind::kNotFound) return std::optional<Json>();
  return std::move(answer).error();
}

Result<net::Reply> Hub::get_plain(const Path<kGet>& path) {
  net::Call call = make_call("GET", path.text);
  call.headers.erase("authorization");
  return transport_(call);
}

}  // namespace medperf::site
