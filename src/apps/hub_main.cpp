// medperf-hub: finds the command, runs it, turns its error into an exit code.

#include <cstdio>
#include <string>
#include <vector>

#include "base/exit_codes.h"
#include "base/log.h"
#include "hub/commands/command.h"
#include "hub/commands/configuration.h"

namespace {

using medperf::Status;
namespace hub = medperf::hub;

Status print_configuration(const std::vector<std::string>& words) {
  std::string file;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == hub::kConfigArgument.flag) file = words[i + 1];
  }
  MEDPERF_TRY(auto text, hub::configuration_in_force(file));
  std::fputs(text.c_str(), stdout);
  return {};
}

Status run(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word == "--print-config") return print_configuration(words);
    if (word != "--version") continue;
    std::puts("medperf-hub " MEDPERF_VERSION);
    return {};
  }
  MEDPERF_TRY(auto parsed, hub::parse_hub_command(hub::hub_commands(), words));
  if (parsed.command == nullptr) {
    std::fputs(parsed.text.c_str(), stdout);
    return {};
  }
  const medperf::SystemClock clock;
  return parsed.command->run(parsed.line, clock);
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "medperf-hub: %s\n", status.error().text().c_str());
  if (!status.error().cause.empty()) {
    medperf::log::error("command.failed", {{"cause", status.error().cause}});
  }
  return medperf::exit_code_of(status.error().kind);
}
