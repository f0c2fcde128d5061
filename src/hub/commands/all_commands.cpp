#include "hub/commands/command.h"

namespace medperf::hub {

std::span<const HubCommand> hub_commands() {
  static const std::vector<HubCommand> all = [] {
    std::vector<HubCommand> list;
    for (const auto part : {serving_commands(), database_commands(), import_commands(),
                            user_commands(), contract_commands()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

}  // namespace medperf::hub
