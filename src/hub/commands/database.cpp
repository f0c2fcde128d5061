// Care of the database: all of it safe beside a running server.

#include <array>

#include "hub/commands/configuration.h"
#include "hub/setup.h"
#include "hub/transfer/backup.h"

namespace medperf::hub {

namespace {

Status run_migrate(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_TRY(const int before, sql::schema_version(*database));
  MEDPERF_TRY(const int version, prepare_database(*database, clock));
  print_answer(line, "schema " + std::to_string(version) + " (was " + std::to_string(before) + ")",
               Json::object({{"schema", version}, {"before", before}}));
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

void print_copy(const CommandLine& line, std::string_view done, const BackupReport& report) {
  const ArchiveTotals& totals = report.totals;
  print_answer(line,
               std::string(done) + ": " + std::to_string(totals.tables) + " tables, " +
                   std::to_string(totals.rows) + " rows, schema " +
                   std::to_string(report.head.schema) + ", taken " + report.head.time +
                   "\nsha256 " + totals.digest + "\nlog head " + report.log_head,
               Json::object({{"tables", totals.tables},
                             {"rows", totals.rows},
                             {"schema", report.head.schema},
                             {"taken", report.head.time},
                             {"sha256", totals.digest},
                             {"log_head", report.log_head}}));
}

Status run_backup(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_TRY(auto report, backup(*database, line.value("--to"), clock));
  print_copy(line, "backup", report);
  return {};
}

Status run_restore(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_TRY(auto report, restore(*database, line.value("--from"), {line.has("--force")}, clock));
  print_copy(line, "restored", report);
  return {};
}

constexpr std::array kArguments = {kConfigArgument, kJsonArgument};
constexpr std::array kBackup = {
    kConfigArgument,
    Argument{"--to", "FILE", "New file to write, mode 0600.", true},
    kJsonArgument,
};
constexpr std::array kRestore = {
    kConfigArgument,
    Argument{"--from", "FILE", "A file that backup wrote, from either database.", true},
    Argument{"--force", "", "Replace a hub that is in use."},
    kJsonArgument,
};

}  // namespace

std::span<const HubCommand> database_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"migrate", "Bring the database to this version.", kArguments,
                 "medperf-hub migrate --config /var/lib/medperf/hub.yaml", run_migrate},
      HubCommand{"check", "Integrity of the database and chain of the log.", kArguments,
                 "medperf-hub check --config /var/lib/medperf/hub.yaml", run_check},
      HubCommand{"backup", "Write the whole database to a file while the hub serves.", kBackup,
                 "medperf-hub backup --config /var/lib/medperf/hub.yaml --to "
                 "/var/backups/medperf/2026-01-31.backup",
                 run_backup},
      HubCommand{"restore", "Check a backup and replace the database by it.", kRestore,
                 "medperf-hub restore --config /var/lib/medperf/hub.yaml --from "
                 "/var/backups/medperf/2026-01-31.backup",
                 run_restore},
  };
  return kCommands;
}

}  // namespace medperf::hub
