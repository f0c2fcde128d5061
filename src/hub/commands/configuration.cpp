#include "hub/commands/configuration.h"

#include <unistd.h>

#include <array>
#include <map>

#include "base/log.h"
#include "hub/options.h"
#include "hub/setup.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kPasswordBytes = 1024;

Result<std::string> read_descriptor(int descriptor) {
  std::string text;
  std::array<char, 256> piece{};
  while (text.size() <= kPasswordBytes + 2) {
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got == 0) return text;
    if (got < 0) {
      return make_error(ErrorKind::kUnavailable, std::string(kPasswordDescriptor.flag),
                        "this descriptor cannot be read", "Open it for reading: 3< FILE.");
    }
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return make_error(ErrorKind::kTooLarge, std::string(kPasswordDescriptor.flag),
                    "a password has at most 1024 bytes");
}

}  // namespace

Result<Configuration> read_configuration(const CommandLine& line) {
  const std::string file = line.value(kConfigArgument.flag);
  MEDPERF_TRY(auto text, read_file(file));
  MEDPERF_TRY(auto options, Options::load(option_table(), text, process_environment()));
  const fs::path folder = fs::absolute(file).parent_path();
  const fs::path data = options.path("data");
  return Configuration{std::move(options), data.empty() ? folder : resolve(folder, data)};
}

Result<std::string> configuration_in_force(const std::string& file) {
  std::string text;
  if (!file.empty()) {
    MEDPERF_TRY(text, read_file(file));
  }
  MEDPERF_TRY(auto options, Options::load(option_table(), text, process_environment()));
  return options.print(option_table());
}

Status configure_log(const Configuration& configuration) {
  using log::Level;
  static const std::map<std::string, Level> kLevels = {{"debug", Level::kDebug},
                                                       {"info", Level::kInfo},
                                                       {"warning", Level::kWarning},
                                                       {"error", Level::kError},
                                                       {"off", Level::kOff}};
  const auto found = kLevels.find(configuration.options.text("log.level"));
  if (found == kLevels.end()) {
    return make_error(ErrorKind::kInvalid, "log.level", "there is no such level",
                      "Use debug, info, warning, error or off.");
  }
  log::configure(found->second,
                 resolve(configuration.folder, configuration.options.path("log.file")));
  return {};
}

Result<std::unique_ptr<sql::Database>> open_prepared_database(const Configuration& configuration,
                                                              const Clock& clock) {
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_CHECK(prepare_database(*database, clock));
  return database;
}

bool gives_password(const CommandLine& line) {
  return line.has(kPasswordFile.flag) || line.has(kPasswordDescriptor.flag);
}

Result<std::string> read_password(const CommandLine& line) {
  if (line.has(kPasswordFile.flag) == line.has(kPasswordDescriptor.flag)) {
    return make_error(ErrorKind::kInvalid, std::string(kPasswordFile.flag),
                      "give the password by --password-file or by --password-fd");
  }
  std::string password;
  if (line.has(kPasswordFile.flag)) {
    MEDPERF_TRY(password, read_file(line.value(kPasswordFile.flag), {kPasswordBytes + 2}));
  } else {
    MEDPERF_TRY(const auto descriptor, line.number(kPasswordDescriptor.flag, -1));
    MEDPERF_TRY(password, read_descriptor(static_cast<int>(descriptor)));
  }
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace medperf::hub
