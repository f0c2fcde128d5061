// The contract as text, made from the tables.

#include <array>
#include <cstdio>

#include "hub/api/hub.h"
#include "hub/api/openapi.h"
#include "hub/api/permissions_page.h"
#include "hub/commands/command.h"

namespace medperf::hub {

namespace {

Status run_openapi(const CommandLine&, const Clock&) {
  const std::string text = to_pretty_text(openapi_document(all_endpoints()));
  std::fputs(text.c_str(), stdout);
  std::fputs("\n", stdout);
  return {};
}

Status run_permissions(const CommandLine&, const Clock&) {
  std::fputs(permissions_page(all_endpoints()).c_str(), stdout);
  return {};
}

}  // namespace

std::span<const HubCommand> contract_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"openapi",
                 "Print the description of every endpoint (OpenAPI 3.1).",
                 {},
                 "medperf-hub openapi > openapi.json",
                 run_openapi},
      HubCommand{"permissions",
                 "Print who may do what, as Markdown.",
                 {},
                 "medperf-hub permissions > permissions.md",
                 run_permissions},
  };
  return kCommands;
}

}  // namespace medperf::hub
