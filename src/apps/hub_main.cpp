// medperf-hub: reads the command line and the configuration, builds the objects, runs them.

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "hub/options.h"
#include "hub/serve.h"
#include "hub/setup.h"
#include "hub/store/accounts.h"

namespace {

using medperf::Error;
using medperf::ErrorKind;
using medperf::Json;
using medperf::make_error;
using medperf::Options;
using medperf::Result;
using medperf::Status;
namespace fs = medperf::fs;
namespace hub = medperf::hub;
namespace sql = medperf::sql;

constexpr std::string_view kHelp = R"(medperf-hub: the server of MedPerf

  medperf-hub init --data FOLDER [--address A] [--port N] [--certificate PEM --private-key PEM]
                   [--public-url URL] [--postgres CONNECTION]
                                      make a data folder with database, signing key, hub.yaml
  medperf-hub serve --config FILE     serve until SIGTERM
  medperf-hub user add --config FILE --username NAME --email ADDRESS --password-file FILE [--admin]
  medperf-hub user list --config FILE [--json]
  medperf-hub migrate --config FILE   bring the database to this version
  medperf-hub check --config FILE [--json]
                                      integrity of the database, chain of the log
  medperf-hub --print-config [--config FILE]
  medperf-hub --version | --help

Example:
  medperf-hub init --data /var/lib/medperf --certificate hub.pem --private-key hub.key
  medperf-hub serve --config /var/lib/medperf/hub.yaml
)";

/// Words, then --key value pairs; the keys of `flags` take no value.
struct CommandLine {
  std::vector<std::string> words;
  std::map<std::string, std::string> values;
  std::string value(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  }
  bool has(const std::string& key) const { return values.count(key) > 0; }
};

Error wrong_usage(const std::string& where, const std::string& what) {
  return make_error(ErrorKind::kInvalid, where, what, "See medperf-hub --help.");
}

bool is_flag(std::string_view word) {
  return word == "--admin" || word == "--help" || word == "-h" || word == "--version" ||
         word == "--print-config" || word == "--json";
}

bool is_key(std::string_view word) {
  for (const std::string_view key :
       {"--data", "--address", "--port", "--certificate", "--private-key", "--public-url",
        "--postgres", "--config", "--username", "--email", "--password-file"}) {
    if (word == key) return true;
  }
  return false;
}

Result<CommandLine> read_command_line(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind('-', 0) != 0) {
      line.words.push_back(word);
    } else if (is_flag(word)) {
      line.values[word] = "true";
    } else if (!is_key(word)) {
      return wrong_usage(word, "there is no such option");
    } else if (i + 1 == argc) {
      return wrong_usage(word, "a value is missing");
    } else {
      line.values[word] = argv[++i];
    }
  }
  return line;
}

Result<std::string> required(const CommandLine& line, const std::string& key) {
  if (!line.has(key)) return wrong_usage(key, "this option is needed");
  return line.value(key);
}

/// The configuration and the data folder, which its paths are relative to.
struct Configuration {
  Options options;
  fs::path folder;
};

Result<Configuration> read_configuration(const CommandLine& line) {
  MEDPERF_TRY(auto file, required(line, "--config"));
  MEDPERF_TRY(auto text, medperf::read_file(file));
  MEDPERF_TRY(auto options,
              Options::load(hub::option_table(), text, medperf::process_environment()));
  const fs::path folder = fs::absolute(file).parent_path();
  const fs::path data = options.path("data");
  return Configuration{std::move(options), data.empty() ? folder : hub::resolve(folder, data)};
}

Status configure_log(const Options& options, const fs::path& folder) {
  using medperf::log::Level;
  const std::map<std::string, Level> levels = {{"debug", Level::kDebug},
                                               {"info", Level::kInfo},
                                               {"warning", Level::kWarning},
                                               {"error", Level::kError},
                                               {"off", Level::kOff}};
  const auto found = levels.find(options.text("log.level"));
  if (found == levels.end()) {
    return make_error(ErrorKind::kInvalid, "log.level", "there is no such level",
                      "Use debug, info, warning, error or off.");
  }
  medperf::log::configure(found->second, hub::resolve(folder, options.path("log.file")));
  return {};
}

Status run_init(const CommandLine& line, const medperf::Clock& clock) {
  hub::InitAnswers answers;
  MEDPERF_TRY(answers.folder, required(line, "--data"));
  if (line.has("--address")) answers.address = line.value("--address");
  if (line.has("--port")) answers.port = line.value("--port");
  answers.certificate = line.value("--certificate");
  answers.private_key = line.value("--private-key");
  answers.public_url = line.value("--public-url");
  answers.postgres = line.value("--postgres");
  MEDPERF_TRY(auto file, hub::initialise(answers, clock));
  std::printf("configuration: %s\n", file.c_str());
  return {};
}

Status run_serve(const CommandLine& line, const medperf::Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_CHECK(configure_log(configuration.options, configuration.folder));
  medperf::install_stop_handlers();
  return hub::serve(configuration.options, configuration.folder, clock);
}

Result<std::string> read_password(const CommandLine& line) {
  MEDPERF_TRY(auto file, required(line, "--password-file"));
  MEDPERF_TRY(auto password, medperf::read_file(file, {1024}));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  return password;
}

Status run_user_add(const CommandLine& line, sql::Database& database, const medperf::Clock& clock) {
  hub::NewUser user;
  MEDPERF_TRY(user.username, required(line, "--username"));
  MEDPERF_TRY(user.email, required(line, "--email"));
  MEDPERF_TRY(user.password, read_password(line));
  user.admin = line.has("--admin");
  MEDPERF_TRY(auto id, hub::add_user(database, user, clock));
  std::printf("user %lld %s\n", static_cast<long long>(id), user.username.c_str());
  return {};
}

Status run_user_list(const CommandLine& line, sql::Database& database) {
  auto users = database.read([](sql::Session& session) { return hub::list_accounts(session); });
  if (!users.ok()) return std::move(users).error();
  Json list = Json::array();
  for (const auto& user : *users) {
    list.push(Json::object({{"id", user.id},
                            {"username", user.username},
                            {"email", user.email},
                            {"admin", user.admin},
                            {"active", user.active}}));
    if (line.has("--json")) continue;
    std::printf("%lld\t%s\t%s%s%s\n", static_cast<long long>(user.id), user.username.c_str(),
                user.email.c_str(), user.admin ? "\tadmin" : "", user.active ? "" : "\tinactive");
  }
  if (line.has("--json")) std::puts(medperf::to_pretty_text(list).c_str());
  return {};
}

Status run_check(const CommandLine& line, sql::Database& database) {
  MEDPERF_TRY(auto report, hub::check_database(database));
  if (line.has("--json")) {
    const Json log = Json::object({{"lines", report.log_lines}, {"head", report.log_head}});
    std::puts(medperf::to_pretty_text(
                  Json::object({{"database", "sound"}, {"schema", report.schema}, {"log", log}}))
                  .c_str());
    return {};
  }
  std::printf("database: sound, schema %d\nlog: %lld lines, the chain holds, head %s\n",
              report.schema, static_cast<long long>(report.log_lines), report.log_head.c_str());
  return {};
}

/// The commands that need the database and nothing else.
Status run_on_database(const std::string& command, const CommandLine& line,
                       const medperf::Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, hub::open_database(configuration.options, configuration.folder));
  if (command == "check") return run_check(line, *database);
  MEDPERF_TRY(auto version, hub::prepare_database(*database, clock));
  if (command == "user add") return run_user_add(line, *database, clock);
  if (command == "user list") return run_user_list(line, *database);
  std::printf("schema %d\n", version);
  return {};
}

Status print_configuration(const CommandLine& line) {
  std::string text;
  if (line.has("--config")) {
    MEDPERF_TRY(text, medperf::read_file(line.value("--config")));
  }
  MEDPERF_TRY(auto options,
              Options::load(hub::option_table(), text, medperf::process_environment()));
  std::fputs(options.print(hub::option_table()).c_str(), stdout);
  return {};
}

Status run(int argc, char** argv) {
  MEDPERF_TRY(auto line, read_command_line(argc, argv));
  const medperf::SystemClock clock;
  std::string command;
  for (const auto& word : line.words) command += (command.empty() ? "" : " ") + word;
  if (line.has("--version")) {
    std::puts("medperf-hub " MEDPERF_VERSION);
    return {};
  }
  if (line.has("--help") || line.has("-h")) {
    std::fputs(std::string(kHelp).c_str(), stdout);
    return {};
  }
  if (line.has("--print-config")) return print_configuration(line);
  if (command == "init") return run_init(line, clock);
  if (command == "serve") return run_serve(line, clock);
  if (command == "user add" || command == "user list" || command == "migrate" ||
      command == "check") {
    return run_on_database(command, line, clock);
  }
  return wrong_usage(command.empty() ? "medperf-hub" : command, "there is no such command");
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return 2;
    case ErrorKind::kNotFound:
      return 5;
    case ErrorKind::kConflict:
      return 6;
    case ErrorKind::kBusy:
      return 8;
    case ErrorKind::kUnavailable:
      return 9;
    case ErrorKind::kCorrupt:
      return 11;
    case ErrorKind::kRefused:
      return 12;
    case ErrorKind::kInterrupted:
      return 130;
    default:
      return 70;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "medperf-hub: %s\n", status.error().text().c_str());
  if (!status.error().cause.empty()) {
    medperf::log::error("command.failed", {{"cause", status.error().cause}});
  }
  return exit_code(status.error().kind);
}
