// Accounts, from the machine of the hub. Safe beside a running server: each command is one
// transaction of the same database, with its line in the log.

#include <array>
#include <functional>

#include "crypto/password.h"
#include "hub/accounts/passwords.h"
#include "hub/accounts/secrets.h"
#include "hub/commands/configuration.h"
#include "hub/services/account_care.h"
#include "hub/services/lifetimes.h"
#include "hub/setup.h"
#include "hub/store/accounts.h"
#include "hub/store/invitations.h"
#include "hub/store/second_factors.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

constexpr std::string_view kOperator = "superuser";  // who the log says did it
constexpr std::int64_t kInvitationDays = 7;
constexpr std::int64_t kMostDays = 366;

constexpr Argument kUsername = {"--username", "NAME", "Name of the account.", true};

using Work = std::function<Status(sql::Session&, const Account&, Timestamp now)>;

/// Does `work` on the account of --username and writes `event` into the log.
Status on_account(const CommandLine& line, const Clock& clock, std::string_view event,
                  const Work& work) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_prepared_database(configuration, clock));
  const std::string name = line.value(kUsername.flag);
  return database->write([&](sql::Session& session) -> Status {
    MEDPERF_TRY(const auto account, find_account(session, name));
    if (!account) {
      return make_error(ErrorKind::kNotFound, name, "there is no user of this name",
                        "`medperf-hub user list` shows all.");
    }
    const Timestamp now = clock.now();
    MEDPERF_CHECK(work(session, *account, now));
    const Json facts = Json::object({{"id", account->user.id()}, {"username", name}});
    return ledger::append(session, {std::string(event), std::string(kOperator), facts}, now);
  });
}

/// The same for commands that only say what they did.
Status change_account(const CommandLine& line, const Clock& clock, std::string_view event,
                      std::string_view done, const Work& work) {
  MEDPERF_CHECK(on_account(line, clock, event, work));
  const std::string name = line.value(kUsername.flag);
  print_answer(line, name + ": " + std::string(done),
               Json::object({{"username", name}, {"done", done}}));
  return {};
}

Status run_add(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  NewUser user{line.value("--username"), line.value("--email"), line.has("--admin")};
  user.issuer = line.value("--issuer");
  if (user.issuer.empty() || gives_password(line)) {
    MEDPERF_TRY(user.password, read_password(line));
  }
  MEDPERF_TRY(auto database, open_prepared_database(configuration, clock));
  MEDPERF_TRY(auto id, add_user(*database, user, clock));
  print_answer(line, "user " + std::to_string(id) + " " + user.username,
               Json::object({{"id", id}, {"username", user.username}}));
  return {};
}

Status run_list(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_prepared_database(configuration, clock));
  MEDPERF_TRY(auto users,
              database->read([](sql::Session& session) { return list_accounts(session); }));
  Json list = Json::array();
  std::string text;
  for (const auto& user : users) {
    list.push(Json::object({{"id", user.id},
                            {"username", user.username},
                            {"email", user.email},
                            {"admin", user.admin},
                            {"active", user.active},
                            {"second_factor", user.second_factor}}));
    text += (text.empty() ? "" : "\n") + std::to_string(user.id) + "\t" + user.username + "\t" +
            user.email + (user.admin ? "\tadmin" : "") + (user.active ? "" : "\tdisabled") +
            (user.second_factor ? "\tsecond factor" : "");
  }
  print_answer(line, text, list);
  return {};
}

Status run_promote(const CommandLine& line, const Clock& clock) {
  return change_account(line, clock, "user.promote", "is an admin",
                        [](sql::Session& session, const Account& account, Timestamp) {
                          return set_admin(session, account.user.id(), true);
                        });
}

Status run_demote(const CommandLine& line, const Clock& clock) {
  return change_account(line, clock, "user.demote", "is no admin",
                        [](sql::Session& session, const Account& account, Timestamp) {
                          return set_admin(session, account.user.id(), false);
                        });
}

Status run_disable(const CommandLine& line, const Clock& clock) {
  return change_account(line, clock, "user.disable", "is disabled",
                        [](sql::Session& session, const Account& account, Timestamp now) {
                          return disable_account(session, account.user, now);
                        });
}

Status run_enable(const CommandLine& line, const Clock& clock) {
  return change_account(line, clock, "user.enable", "is enabled",
                        [](sql::Session& session, const Account& account, Timestamp) {
                          return enable_account(session, account.user);
                        });
}

Status run_unlock(const CommandLine& line, const Clock& clock) {
  return change_account(line, clock, "user.unlock", "may try to sign in again",
                        [](sql::Session& session, const Account& account, Timestamp now) {
                          return unlock_account(session, account.user, now);
                        });
}

Status run_invite(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(const auto days, line.number("--days", kInvitationDays));
  if (days < 1 || days > kMostDays) {
    return make_error(ErrorKind::kInvalid, "--days", "an invitation is good for 1 to 366 days");
  }
  MEDPERF_TRY(auto database, open_prepared_database(configuration, clock));
  const std::string secret = new_secret(kInvitationPrefix);
  domain::Record invitation(domain::Entity::kInvitation);
  invitation.set("email", line.value("--email"));
  const Timestamp now = clock.now();
  invitation.set("created_at", now);
  invitation.set("expires_at", days_after(now, days));
  const Status stored = database->write([&](sql::Session& session) -> Status {
    MEDPERF_TRY(const auto owner, find_account(session, kOperator));
    if (!owner) return make_error(ErrorKind::kNotFound, "", "there is no superuser account");
    invitation.set("owner", owner->user.id());
    MEDPERF_CHECK(add_invitation(session, invitation, secret_hash(secret)));
    return ledger::append(
        session,
        {"invitations_create", std::string(kOperator), Json::object({{"id", invitation.id()}})},
        now);
  });
  if (!stored.ok()) return stored.error();
  const std::string end = to_iso8601(days_after(now, days));
  print_answer(
      line, secret + "\ngood once, until " + end,
      Json::object({{"id", invitation.id()}, {"invitation", secret}, {"expires_at", end}}));
  return {};
}

/// Sets the password that was given.
Status set_given_password(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(const auto password, read_password(line));
  MEDPERF_TRY(const auto hash, crypto::hash_password(password));
  return change_account(
      line, clock, "password.set", "has a new password",
      [&](sql::Session& session, const Account& account, Timestamp now) -> Status {
        const auto& user = account.user;
        if (const auto problem =
                password_problem(password, user.text("username"), user.text("email"))) {
          return make_error(ErrorKind::kInvalid, "--password-file", *problem,
                            "Choose another password.");
        }
        MEDPERF_CHECK(set_password(session, user.id(), hash, now));
        MEDPERF_CHECK(sign_out_everywhere(session, user.id(), now));
        if (line.has("--second-factor")) {
          MEDPERF_CHECK(remove_second_factor(session, user.id()));
        }
        return unlock_account(session, user, now);
      });
}

Status run_reset_password(const CommandLine& line, const Clock& clock) {
  if (gives_password(line)) return set_given_password(line, clock);
  PasswordReset reset;
  const Status stored =
      on_account(line, clock, "users_password_reset",
                 [&](sql::Session& session, const Account& account, Timestamp now) -> Status {
                   if (line.has("--second-factor")) {
                     MEDPERF_CHECK(remove_second_factor(session, account.user.id()));
                   }
                   MEDPERF_TRY(reset, start_password_reset(session, account.user, now));
                   return {};
                 });
  if (!stored.ok()) return stored.error();
  const std::string end = to_iso8601(reset.expires_at);
  print_answer(line, reset.secret + "\ngood once, until " + end,
               Json::object({{"username", line.value(kUsername.flag)},
                             {"reset_code", reset.secret},
                             {"expires_at", end}}));
  return {};
}

constexpr std::array kAdd = {
    kConfigArgument,
    Argument{"--username", "NAME", "Name to sign in with.", true},
    Argument{"--email", "ADDRESS", "Email address.", true},
    Argument{"--admin", "", "May do what platform admins may."},
    kPasswordFile,
    kPasswordDescriptor,
    Argument{"--issuer", "URL", "Identity provider whose tokens are this user's."},
    kJsonArgument,
};
constexpr std::array kList = {kConfigArgument, kJsonArgument};
constexpr std::array kOne = {kConfigArgument, kUsername, kJsonArgument};
constexpr std::array kInvite = {
    kConfigArgument,
    Argument{"--email", "ADDRESS", "Whom it is for: the account gets this address."},
    Argument{"--days", "N", "How long it is good (7)."},
    kJsonArgument,
};
constexpr std::array kReset = {
    kConfigArgument,
    kUsername,
    kPasswordFile,
    kPasswordDescriptor,
    Argument{"--second-factor", "", "Remove the second factor too."},
    kJsonArgument,
};

}  // namespace

std::span<const HubCommand> user_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"user add", "Make an account.", kAdd,
                 "medperf-hub user add --config hub.yaml --username hospital-a --email "
                 "it@hospital-a.example --password-file password",
                 run_add},
      HubCommand{"user list", "Every account.", kList,
                 "medperf-hub user list --config hub.yaml --json", run_list},
      HubCommand{"user promote", "Make an account an admin.", kOne,
                 "medperf-hub user promote --config hub.yaml --username alice", run_promote},
      HubCommand{"user demote", "Make an admin an ordinary account.", kOne,
                 "medperf-hub user demote --config hub.yaml --username alice", run_demote},
      HubCommand{"user disable", "Shut an account out at its next request.", kOne,
                 "medperf-hub user disable --config hub.yaml --username alice", run_disable},
      HubCommand{"user enable", "Let a disabled account in again.", kOne,
                 "medperf-hub user enable --config hub.yaml --username alice", run_enable},
      HubCommand{"user invite", "Make an invitation; prints its secret once.", kInvite,
                 "medperf-hub user invite --config hub.yaml --email it@hospital-a.example",
                 run_invite},
      HubCommand{"user unlock", "Forget the wrong tries that lock an account.", kOne,
                 "medperf-hub user unlock --config hub.yaml --username alice", run_unlock},
      HubCommand{"user reset-password",
                 "Set a password, or print a code with which the user sets one.", kReset,
                 "medperf-hub user reset-password --config hub.yaml --username alice",
                 run_reset_password},
  };
  return kCommands;
}

}  // namespace medperf::hub
