#pragma once
// What the commands of medperf-hub start from: configuration, log, database, secrets.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/options.h"
#include "hub/commands/command.h"
#include "sql/database.h"

namespace medperf::hub {

/// The configuration and the data folder, which its paths are relative to.
struct Configuration {
  Options options;
  fs::path folder;
};

/// Of the file that --config names, with the environment's overrides.
Result<Configuration> read_configuration(const CommandLine& line);
/// The options in force; without --config, the defaults and the environment.
Result<std::string> configuration_in_force(const std::string& file);
Status configure_log(const Configuration& configuration);

/// The database of the configuration, with this program's schema.
Result<std::unique_ptr<sql::Database>> open_prepared_database(const Configuration& configuration,
                                                              const Clock& clock);

inline constexpr Argument kPasswordFile = {"--password-file", "FILE",
                                           "File that holds the password."};
inline constexpr Argument kPasswordDescriptor = {"--password-fd", "N",
                                                 "Open file descriptor to read the password from."};
bool gives_password(const CommandLine& line);
/// The password of --password-file or --password-fd, without its line end; never from the command
/// line itself, which others can see.
Result<std::string> read_password(const CommandLine& line);

}  // namespace medperf::hub
