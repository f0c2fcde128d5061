#include <array>
#include <optional>

#include <fmt/format.h>
#include "base/encoding.h"
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/flows/submit.h"

namespace medperf::cli {
namespace {

Result<std::string> read_password(const fs::path& file) {
  MEDPERF_TRY(std::string text, read_file(file, Bytes{4096}));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    return make_error(ErrorKind::kInvalid, file.string(), "the password file is empty",
                      "write the password into it");
  }
  return text;
}

Result<int> login(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(std::string password, read_password(call.text("password-file")));
  site::Hub& hub = site->hub_unsigned();
  const std::string username = call.text("username");
  auto answer =
      hub.post("auth/login", Json::object({{"username", username}, {"password", password}}), "");
  if (!answer.ok()) {
    Error error = std::move(answer).error();
    if (error.kind == ErrorKind::kUnauthenticated) {
      error.where = hub.url();
      error.what = "the hub did not accept this user name and password";
      error.advice = "check both; after ten wrong tries the account is locked for 15 minutes";
    }
    return error;
  }
  site::Token token;
  token.access = answer->get_string("access");
  token.username = username;
  token.hub = hub.url();
  auto expires = parse_iso8601(answer->get_string("expires_at"));
  if (token.access.empty() || !expires.ok()) {
    return make_error(ErrorKind::kCorrupt, hub.url(), "the hub's answer holds no token",
                      "check that hub.url names a MedPerf hub");
  }
  token.expires_at = *expires;
  MEDPERF_CHECK(site::save_token(site->workspace().token_file(), token));
  MEDPERF_CHECK(site->record("sign-in", Json::object({{"hub", hub.url()}, {"user", username}})));
  MEDPERF_TRY(bool has_key, site::register_site_key(*site));
  call.out().line(fmt::format("signed in to {} as {} until {}", hub.url(), username,
                              to_iso8601(token.expires_at)));
  call.out().line(has_key ? "this site's signing key is registered"
                          : "this hub knows no signing keys: results cannot be signed for it");
  call.out().result(Json::object({{"username", username},
                                  {"hub", hub.url()},
                                  {"expires_at", to_iso8601(token.expires_at)},
                                  {"key_registered", has_key}}));
  return 0;
}

Result<int> status(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Hub * hub, site->hub());
  MEDPERF_TRY(Json me, hub->get("me/"));
  call.out().line(fmt::format("signed in to {} as {} (user {}, {})", hub->url(),
                              me.get_string("username"), me.get_int("id"), me.get_string("email")));
  call.out().result(me);
  return 0;
}

Result<int> logout(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  std::error_code failure;
  const bool removed = fs::remove(site->workspace().token_file(), failure);
  if (failure) {
    return make_error(ErrorKind::kUnavailable, site->workspace().token_file().string(),
                      "the token cannot be removed");
  }
  call.out().line(removed ? "signed out" : "nobody was signed in");
  call.out().result(Json::object({{"signed_out", removed}}));
  return 0;
}

constexpr std::array kLogin = {
    Argument{"-u,--username", "NAME", "Name of the account.", ArgumentKind::kText, true},
    Argument{"--password-file", "FILE", "File that holds the password.", ArgumentKind::kText, true},
};

}  // namespace

std::span<const Command> auth_commands() {
  static constexpr std::array kCommands = {
      Command{"login", "Sign in for an hour; the first time makes and registers the signing key.",
              "medperf auth login --username hospital-a --password-file ~/password", kLogin, login},
      Command{"status", "Show who is signed in.", "medperf auth status", {}, status},
      Command{"logout", "Forget the sign-in.", "medperf auth logout", {}, logout},
  };
  return kCommands;
}

}  // namespace medperf::cli
