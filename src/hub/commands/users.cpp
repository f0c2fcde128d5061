// Accounts, from the machine of the hub. Safe beside a running server: each command is one
// transaction of the same database.

#include <array>
#include <cstdio>

#include "hub/commands/configuration.h"
#include "hub/setup.h"
#include "hub/store/accounts.h"

namespace medperf::hub {

namespace {

Status run_add(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  NewUser user{line.value("--username"), line.value("--email"), line.has("--admin"), {}};
  MEDPERF_TRY(user.password, read_password(line));
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
                            {"active", user.active}}));
    text += (text.empty() ? "" : "\n") + std::to_string(user.id) + "\t" + user.username + "\t" +
            user.email + (user.admin ? "\tadmin" : "") + (user.active ? "" : "\tinactive");
  }
  print_answer(line, text, list);
  return {};
}

constexpr std::array kAdd = {
    kConfigArgument,
    Argument{"--username", "NAME", "Name to sign in with.", true},
    Argument{"--email", "ADDRESS", "Email address.", true},
    Argument{"--admin", "", "May do what platform admins may."},
    kPasswordFile,
    kPasswordDescriptor,
    kJsonArgument,
};
constexpr std::array kList = {kConfigArgument, kJsonArgument};

}  // namespace

std::span<const HubCommand> user_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"user add", "Make an account.", kAdd,
                 "medperf-hub user add --config hub.yaml --username hospital-a --email "
                 "it@hospital-a.example --password-file password",
                 run_add},
      HubCommand{"user list", "Every account.", kList,
                 "medperf-hub user list --config hub.yaml --json", run_list},
  };
  return kCommands;
}

}  // namespace medperf::hub
