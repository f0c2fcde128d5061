#include "cli/commands/auth_account.h"

#include <fmt/format.h>
#include "base/encoding.h"
#include "cli/commands/listing.h"
#include "cli/exit_codes.h"
#include "crypto/key_file.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000;

/// The code of --code-file, or what the person enters.
Result<std::string> code_of(Invocation& call) {
  if (call.has("code-file")) return read_secret(call.text("code-file"));
  return call.ask_line("Code of the authenticator app");
}

}  // namespace

Result<std::string> read_secret(const fs::path& file) {
  MEDPERF_TRY(std::string text, read_file(file, Bytes{4096}));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    return make_error(ErrorKind::kInvalid, file.string(), "the file is empty",
                      "write the secret into it");
  }
  return text;
}

Result<int> approve_device(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const auto decide = [&](std::string_view decision) {
    return hub->post(paths::device_approval(),
                     Json::object({{"user_code", call.text("code")}, {"decision", decision}}), "");
  };
  MEDPERF_TRY(const Json asks, decide("show"));
  const std::string who = fmt::format(
      "'{}' at {}, since {}", printable(asks.get_string("client"), 100),
      printable(asks.get_string("peer"), 100), printable(asks.get_string("created_at"), 40));
  bool approve = false;
  if (!call.has("deny")) {
    const auto answer =
        site->ask({"A device asks to sign in as you",
                   who + "\nOnly approve a code that you see on a device of your own.",
                   "Let it act as you?"});
    if (answer == site::Answer::kLater || answer == site::Answer::kUnanswered) {
      return kWaitingForPerson;
    }
    approve = answer == site::Answer::kYes;
  }
  MEDPERF_TRY([[maybe_unused]] const Json done, decide(approve ? "approve" : "deny"));
  call.out().line(approve ? "approved" : "denied");
  call.out().result(Json::object({{"approved", approve}, {"client", asks.get_string("client")}}));
  return kOk;
}

Result<int> change_password(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  Json body = Json::object({{"username", call.text("username")}});
  MEDPERF_TRY(const std::string old, read_secret(call.text("password-file")));
  MEDPERF_TRY(const std::string fresh, read_secret(call.text("new-password-file")));
  body.set("password", old);
  body.set("new_password", fresh);
  if (call.has("code-file")) {
    MEDPERF_TRY(const std::string code, read_secret(call.text("code-file")));
    body.set("code", code);
  }
  MEDPERF_TRY([[maybe_unused]] const Json done,
              site->hub_unsigned().post(paths::password(), body, ""));
  call.out().line("the password is changed; sign in again");
  call.out().result(Json::object({{"changed", true}}));
  return kOk;
}

Result<int> list_tokens(Invocation& call) {
  return list_entities(call, paths::access_tokens(), domain::Entity::kAccessToken);
}

Result<int> create_token(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  Json body = Json::object({{"name", call.text("name")}, {"scope", call.text("scope", "read")}});
  if (call.has("days")) {
    const Timestamp end{call.clock().now().microseconds + call.number("days") * kDay};
    body.set("expires_at", to_iso8601(end));
  }
  MEDPERF_TRY(Json made, hub->post(paths::access_tokens(), body, ""));
  const std::string token = made.get_string("token");
  if (call.has("output")) {
    MEDPERF_CHECK(crypto::write_new_key_file(call.text("output"), token + "\n"));
    made.set("token", nullptr);
    call.out().line(fmt::format("token {} is in {}", made.get_int("id"), call.text("output")));
  } else {
    call.out().line(token);
    call.out().line(fmt::format("token {}; it is not shown again", made.get_int("id")));
  }
  call.out().result(made);
  return kOk;
}

Result<int> revoke_token(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::int64_t id = call.number("id");
  MEDPERF_CHECK(hub->remove(paths::access_token(id)));
  call.out().line(fmt::format("token {} is revoked", id));
  call.out().result(Json::object({{"id", id}, {"revoked", true}}));
  return kOk;
}

Result<int> list_sessions(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(const Json sessions, hub->get(paths::my_sessions()));
  const std::vector<std::string> columns = {"id",         "client",       "peer",
                                            "created_at", "last_seen_at", "expires_at"};
  std::vector<std::vector<std::string>> cells;
  if (sessions.is_array()) {
    for (const Json& row : sessions.items()) {
      std::vector<std::string>& line = cells.emplace_back();
      for (const std::string& column : columns) line.push_back(cell_text(row.find(column)));
    }
  }
  if (!call.out().is_json()) {
    call.out().line(cells.empty() ? "none" : table_text(columns, cells));
  }
  call.out().result(sessions);
  return kOk;
}

Result<int> end_session(Invocation& call) {
  if (call.has("id") == call.has("all")) {
    return make_error(ErrorKind::kInvalid, "auth session-end", "it is not clear what is to end",
                      "give a number of 'medperf auth sessions', or --all");
  }
  MEDPERF_TRY(site::Hub * hub, call.hub());
  if (call.has("all")) {
    MEDPERF_CHECK(hub->remove(paths::my_sessions()));
    call.out().line("all browser sessions are ended");
    call.out().result(Json::object({{"ended", "all"}}));
    return kOk;
  }
  const std::int64_t id = call.number("id");
  MEDPERF_CHECK(hub->remove(paths::my_session(id)));
  call.out().line(fmt::format("session {} is ended", id));
  call.out().result(Json::object({{"ended", id}}));
  return kOk;
}

Result<int> enrol_second_factor(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(const Json started, hub->post(paths::second_factor(), Json::object(), ""));
  call.out().line(
      "enter this secret into your authenticator app, or make a QR code of the line "
      "below it:");
  call.out().line(printable(started.get_string("secret"), 100));
  call.out().line(printable(started.get_string("uri"), 500));
  MEDPERF_TRY(const std::string code, code_of(call));
  MEDPERF_TRY(const Json confirmed,
              hub->post(paths::confirm_second_factor(), Json::object({{"code", code}}), ""));
  call.out().line("signing in now needs a code. Keep these recovery codes, each good once:");
  const Json* codes = confirmed.find("recovery_codes");
  if (codes != nullptr && codes->is_array()) {
    for (const Json& item : codes->items()) {
      if (item.is_string()) call.out().line("  " + printable(item.as_string(), 40));
    }
  }
  call.out().result(confirmed);
  return kOk;
}

Result<int> remove_second_factor(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(const std::string code, code_of(call));
  MEDPERF_TRY([[maybe_unused]] const Json done,
              hub->post(paths::remove_second_factor(), Json::object({{"code", code}}), ""));
  call.out().line("signing in needs no code now");
  call.out().result(Json::object({{"removed", true}}));
  return kOk;
}

}  // namespace medperf::cli
