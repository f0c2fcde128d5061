// Making a hub and running it.

#include <array>

#include "base/process.h"
#include "hub/commands/configuration.h"
#include "hub/serve.h"
#include "hub/setup.h"

namespace medperf::hub {

namespace {

Status run_init(const CommandLine& line, const Clock& clock) {
  InitAnswers answers;
  answers.folder = line.value("--data");
  answers.address = line.value("--address", answers.address);
  answers.port = line.value("--port", answers.port);
  answers.certificate = line.value("--certificate");
  answers.private_key = line.value("--private-key");
  answers.public_url = line.value("--public-url");
  answers.postgres = line.value("--postgres");
  MEDPERF_TRY(auto file, initialise(answers, clock));
  print_answer(line, "configuration: " + file.string(),
               Json::object({{"configuration", file.string()}}));
  return {};
}

Status run_serve(const CommandLine& line, const Clock& clock) {
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_CHECK(configure_log(configuration));
  install_stop_handlers();
  return serve(configuration.options, configuration.folder, clock);
}

constexpr std::array kInit = {
    Argument{"--data", "FOLDER", "Folder of the hub; made with mode 0700.", true},
    Argument{"--address", "ADDRESS", "Address to listen on (127.0.0.1)."},
    Argument{"--port", "NUMBER", "Port to listen on (8443)."},
    Argument{"--certificate", "FILE", "Certificate chain (PEM)."},
    Argument{"--private-key", "FILE", "Private key of the certificate (PEM)."},
    Argument{"--public-url", "URL", "Address under which clients know the hub."},
    Argument{"--postgres", "CONNECTION", "libpq connection string without password."},
    kJsonArgument,
};
constexpr std::array kServe = {kConfigArgument};

}  // namespace

std::span<const HubCommand> serving_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"init", "Make a data folder with database, keys and hub.yaml.", kInit,
                 "medperf-hub init --data /var/lib/medperf --certificate hub.pem "
                 "--private-key hub.key",
                 run_init},
      HubCommand{"serve", "Serve until SIGTERM.", kServe,
                 "medperf-hub serve --config /var/lib/medperf/hub.yaml", run_serve},
  };
  return kCommands;
}

}  // namespace medperf::hub
