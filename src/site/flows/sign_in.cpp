#include "site/flows/sign_in.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/process.h"

namespace medperf::site {
namespace {

constexpr Seconds kSlowDown{5};
constexpr std::int64_t kYear = 365LL * 24 * 3600 * 1'000'000;

Error no_token(const Hub& hub) {
  return make_error(ErrorKind::kCorrupt, hub.url(), "the hub's answer holds no token",
                    "check that hub.url names a MedPerf hub");
}

/// The message that a refusal has for a key of its body, or "".
std::string_view said(const Error& error, std::string_view key) {
  for (const auto& field : error.fields) {
    if (field.field == key) return field.message;
  }
  return {};
}

Result<Token> token_of(const Hub& hub, const Json& answer, std::string username) {
  auto expires = parse_iso8601(answer.get_string("expires_at"));
  Token token{answer.get_string("access"), std::move(username), hub.url(), {}};
  if (token.access.empty() || token.username.empty() || !expires.ok()) return no_token(hub);
  token.expires_at = *expires;
  return token;
}

/// End of a JSON Web Token by its own word, which is good enough for a hint to the user.
Timestamp claimed_end(std::string_view text, Timestamp otherwise) {
  const auto parts = split(text, '.');
  const auto body =
      parts.size() == 3 ? from_base64url(parts[1]) : Result<std::string>(std::string());
  const auto claims = body.ok() ? parse_json(*body) : Result<Json>(Json());
  const std::int64_t end = claims.ok() ? claims->get_int("exp") : 0;
  return end > 0 ? Timestamp{std::min(end, std::int64_t{253402300799}) * 1'000'000} : otherwise;
}

}  // namespace

Result<Token> sign_in_by_password(Hub& hub, const PasswordSignIn& given) {
  Json body = Json::object({{"username", given.username}, {"password", given.password}});
  if (!given.code.empty()) body.set("code", given.code);
  auto answer = hub.post(paths::login(), body, "");
  if (answer.ok()) return token_of(hub, *answer, given.username);
  Error error = std::move(answer).error();
  if (error.kind == ErrorKind::kUnauthenticated && !asks_for_code(error)) {
    error.where = hub.url();
    error.what = given.code.empty() ? "the hub did not accept this user name and password"
                                    : "the hub did not accept this user name, password and code";
    error.advice = "check them; after ten wrong tries the account is locked for 15 minutes";
  }
  return error;
}

bool asks_for_code(const Error& error) {
  return said(error, "code") == "second_factor_required";
}

Result<DevicePrompt> start_device_sign_in(Hub& hub, std::string_view client) {
  MEDPERF_TRY(const Json answer,
              hub.post(paths::device_code(), Json::object({{"client", client}}), ""));
  DevicePrompt prompt;
  prompt.device_code = answer.get_string("device_code");
  prompt.user_code = printable(answer.get_string("user_code"), 40);
  prompt.url = printable(answer.get_string("verification_uri"), 500);
  prompt.interval = Seconds(static_cast<double>(answer.get_int("interval", 5)));
  prompt.lifetime = Seconds(static_cast<double>(answer.get_int("expires_in", 600)));
  if (prompt.device_code.empty() || prompt.user_code.empty()) return no_token(hub);
  return prompt;
}

Result<Token> wait_for_approval(Hub& hub, const DevicePrompt& prompt, const Pause& pause) {
  const Json body = Json::object({{"device_code", prompt.device_code}});
  Seconds interval = std::max(prompt.interval, Seconds(1));
  for (Seconds waited{0}; waited < prompt.lifetime; waited += interval) {
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, hub.url(), "stopped while waiting for approval");
    }
    pause(interval);
    auto answer = hub.post(paths::device_token(), body, "");
    if (answer.ok()) return token_of(hub, *answer, answer->get_string("username"));
    const std::string_view word = said(answer.error(), "error");
    if (word == "slow_down") {
      interval += kSlowDown;
    } else if (word == "access_denied") {
      return make_error(ErrorKind::kRefused, hub.url(), "the sign-in was denied",
                        "start again if that was a mistake");
    } else if (word == "expired_token") {
      break;
    } else if (word != "authorization_pending") {
      return std::move(answer).error();
    }
  }
  return make_error(ErrorKind::kTimedOut, hub.url(), "nobody approved the code in time",
                    "start again with 'medperf auth login --device'");
}

Result<Token> adopt_token(Hub& hub, const std::string& text, Timestamp now) {
  hub.use_token(text);
  MEDPERF_TRY(const Json me, hub.get(paths::me()));
  MEDPERF_TRY(const auto facts, hub.get_if_there(paths::session()));
  Token token{text, me.get_string("username"), hub.url(),
              claimed_end(text, {now.microseconds + kYear})};
  if (facts) {
    const auto expires = parse_iso8601(facts->get_string("expires_at"));
    if (expires.ok()) token.expires_at = *expires;
  }
  if (token.username.empty()) return no_token(hub);
  return token;
}

}  // namespace medperf::site
