// Care of the database.

#include <array>

#include "hub/commands/configuration.h"
#include "hub/setup.h"

namespace medperf::hub {

namespace {

Status run_migrate(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_TRY(auto version, prepare_database(*database, clock));
  print_answer(line, "schema " + std::to_string(version), Json::object({{"schema", version}}));
  return {};
}

Status run_check(const CommandLine& line, const Clock&) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_TRY(auto report, check_database(*database));
  const Json log = Json::object({{"lines", report.log_lines}, {"head", report.log_head}});
  print_answer(line,
               "database: sound, schema " + std::to_string(report.schema) +
                   "\nlog: " + std::to_string(report.log_lines) + " lines, the chain holds, head " +
                   report.log_head,
               Json::object({{"database", "sound"}, {"schema", report.schema}, {"log", log}}));
  return {};
}

constexpr std::array kArguments = {kConfigArgument, kJsonArgument};

}  // namespace

std::span<const HubCommand> database_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"migrate", "Bring the database to this version.", kArguments,
                 "medperf-hub migrate --config /var/lib/medperf/hub.yaml", run_migrate},
      HubCommand{"check", "Integrity of the database and chain of the log.", kArguments,
                 "medperf-hub check --config /var/lib/medperf/hub.yaml", run_check},
  };
  return kCommands;
}

}  // namespace medperf::hub
