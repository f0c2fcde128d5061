#include <unistd.h>

#include <array>
#include <thread>

#include <fmt/format.h>
#include "cli/commands/auth_account.h"
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/flows/sign_in.h"
#include "site/flows/submit.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

std::string this_machine() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "this machine";
  return name.data();
}

/// Keeps the sign-in, and registers this site's key with it.
Result<int> keep(Invocation& call, site::Site& site, const site::Token& token) {
  site::Hub& hub = site.hub_unsigned();
  MEDPERF_CHECK(site::save_token(site.workspace().token_file(), token));
  MEDPERF_CHECK(
      site.record("sign-in", Json::object({{"hub", hub.url()}, {"user", token.username}})));
  // Signing in from a second workspace is no fault; it just cannot sign results.
  auto registered = site::register_site_key(site);
  if (!registered.ok() && registered.error().kind != ErrorKind::kConflict) {
    return std::move(registered).error();
  }
  const bool has_key = registered.ok() && *registered;
  const std::string_view without_key =
      registered.ok() ? "this hub knows no signing keys: results cannot be signed for it"
                      : "another workspace's signing key is registered for this account: results "
                        "cannot be signed here";
  call.out().line(fmt::format("signed in to {} as {} until {}", hub.url(), token.username,
                              to_iso8601(token.expires_at)));
  call.out().line(has_key ? "this site's signing key is registered" : std::string(without_key));
  call.out().result(Json::object({{"username", token.username},
                                  {"hub", hub.url()},
                                  {"expires_at", to_iso8601(token.expires_at)},
                                  {"key_registered", has_key}}));
  return 0;
}

Result<site::Token> by_password(Invocation& call, site::Hub& hub) {
  site::PasswordSignIn given;
  given.username = call.text("username");
  MEDPERF_TRY(given.password, read_secret(call.text("password-file")));
  if (call.has("code-file")) {
    MEDPERF_TRY(given.code, read_secret(call.text("code-file")));
  }
  auto token = site::sign_in_by_password(hub, given);
  if (token.ok() || !site::asks_for_code(token.error())) return token;
  MEDPERF_TRY(given.code, call.ask_line("Code of the second factor"));
  return site::sign_in_by_password(hub, given);
}

Result<site::Token> by_device(Invocation& call, site::Hub& hub) {
  MEDPERF_TRY(const auto prompt, site::start_device_sign_in(hub, "medperf on " + this_machine()));
  call.out().line(fmt::format("open {} and enter the code {}", prompt.url, prompt.user_code));
  call.out().line(
      fmt::format("or run, where you are signed in: medperf auth approve {}", prompt.user_code));
  return site::wait_for_approval(hub, prompt,
                                 [](Seconds step) { std::this_thread::sleep_for(step); });
}

Result<int> login(Invocation& call) {
  const int ways = (call.has("password-file") ? 1 : 0) + (call.has("device") ? 1 : 0) +
                   (call.has("token-file") ? 1 : 0);
  if (ways != 1 || call.has("password-file") != call.has("username")) {
    return make_error(ErrorKind::kInvalid, "auth login", "it is not clear how to sign in",
                      "give --username with --password-file, or --device, or --token-file");
  }
  MEDPERF_TRY(site::Site * site, call.site());
  site::Hub& hub = site->hub_unsigned();
  site::Token token;
  if (call.has("device")) {
    MEDPERF_TRY(token, by_device(call, hub));
  } else if (call.has("token-file")) {
    MEDPERF_TRY(const std::string text, read_secret(call.text("token-file")));
    MEDPERF_TRY(token, site::adopt_token(hub, text, call.clock().now()));
  } else {
    MEDPERF_TRY(token, by_password(call, hub));
  }
  return keep(call, *site, token);
}

Result<int> status(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(Json me, hub->get(paths::me()));
  call.out().line(fmt::format("signed in to {} as {} (user {}, {})", hub->url(),
                              me.get_string("username"), me.get_int("id"), me.get_string("email")));
  call.out().result(me);
  return 0;
}

Result<int> logout(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  if (call.has("everywhere")) {
    MEDPERF_TRY(site::Hub * hub, call.hub());
    MEDPERF_TRY([[maybe_unused]] const Json done,
                hub->post(paths::sign_out_everywhere(), Json::object(), ""));
  }
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
    Argument{"-u,--username", "NAME", "Name of the account.", ArgumentKind::kText, false},
    Argument{"--password-file", "FILE", "File that holds the password.", ArgumentKind::kText,
             false},
    Argument{"--code-file", "FILE",
             "File that holds a code of the second factor; else it is asked for.",
             ArgumentKind::kText, false},
    Argument{"--device", "", "Show a code to approve on another device, and wait.",
             ArgumentKind::kFlag, false},
    Argument{"--token-file", "FILE", "File that holds a token made with 'auth token-create'.",
             ArgumentKind::kText, false},
};
constexpr std::array kLogout = {
    Argument{"--everywhere", "", "End every session and sign-in of the account, too.",
             ArgumentKind::kFlag, false},
};
constexpr std::array kApprove = {
    Argument{"code", "CODE", "The code that the device shows.", ArgumentKind::kText, true},
    Argument{"--deny", "", "Deny it.", ArgumentKind::kFlag, false},
};
constexpr std::array kPassword = {
    Argument{"-u,--username", "NAME", "Name of the account.", ArgumentKind::kText, true},
    Argument{"--password-file", "FILE", "File that holds the old password.", ArgumentKind::kText,
             true},
    Argument{"--new-password-file", "FILE", "File that holds the new password.",
             ArgumentKind::kText, true},
    Argument{"--code-file", "FILE", "File that holds a code of the second factor.",
             ArgumentKind::kText, false},
};
constexpr std::array kTokenCreate = {
    Argument{"--name", "NAME", "What the token is for.", ArgumentKind::kText, true},
    Argument{"--scope", "SCOPE", "read (the default), write or admin.", ArgumentKind::kText, false},
    Argument{"--days", "N", "How long it is good (90).", ArgumentKind::kNumber, false},
    Argument{"--output", "FILE", "File to write it to, readable by you only; must be new.",
             ArgumentKind::kText, false},
};
constexpr std::array kTokenRevoke = {
    Argument{"id", "ID", "Number of the token.", ArgumentKind::kNumber, true},
};
constexpr std::array kSessionEnd = {
    Argument{"id", "ID", "Number of the session, as 'auth sessions' shows it.",
             ArgumentKind::kNumber, false},
    Argument{"--all", "", "End all of them; what the command line signed in with stays.",
             ArgumentKind::kFlag, false},
};
constexpr std::array kTotpRemove = {
    Argument{"--code-file", "FILE", "File that holds a code; else it is asked for.",
             ArgumentKind::kText, false},
};

}  // namespace

std::span<const Command> auth_commands() {
  static constexpr std::array kCommands = {
      Command{"login", "Sign in; the first time makes and registers the signing key.",
              "medperf auth login --username hospital-a --password-file ~/password", kLogin, login},
      Command{"status", "Show who is signed in.", "medperf auth status", {}, status},
      Command{"logout", "Forget the sign-in.", "medperf auth logout", kLogout, logout},
      Command{"approve", "Let a device sign in as you: shows what asks, then asks you.",
              "medperf auth approve BCDF-GHJK", kApprove, approve_device},
      Command{"password", "Change the password.",
              "medperf auth password -u hospital-a --password-file old --new-password-file new",
              kPassword, change_password},
      Command{"tokens",
              "List the tokens that you made for programs.",
              "medperf auth tokens",
              {},
              list_tokens},
      Command{"token-create", "Make a token for a program.",
              "medperf auth token-create --name nightly --scope read --output nightly.token",
              kTokenCreate, create_token},
      Command{"token-revoke", "Revoke a token.", "medperf auth token-revoke 3", kTokenRevoke,
              revoke_token},
      Command{"sessions",
              "List your browser sessions: what and where from, since when, last used, until when.",
              "medperf auth sessions",
              {},
              list_sessions},
      Command{"session-end", "End a browser session of yours, or all.",
              "medperf auth session-end 1234567890123", kSessionEnd, end_session},
      Command{"totp-enrol", "Add a second factor: a code of an authenticator app.",
              "medperf auth totp-enrol", kTotpRemove, enrol_second_factor},
      Command{"totp-remove", "Remove the second factor.", "medperf auth totp-remove", kTotpRemove,
              remove_second_factor},
  };
  return kCommands;
}

}  // namespace medperf::cli
