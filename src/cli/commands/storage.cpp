#include <array>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/flows/disk.h"

namespace medperf::cli {
namespace {

/// Shows what can go; removes it only when told to.
Result<int> clean(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const site::Workspace& workspace = site->workspace();
  const bool remove = call.has("remove");
  std::vector<std::vector<std::string>> cells;
  Json::Array all;
  Bytes sum{0};
  for (const site::Removable& thing : site::removable_things(workspace)) {
    if (remove) MEDPERF_CHECK(site::remove_thing(workspace, thing));
    sum.value += thing.size.value;
    cells.push_back({to_string(thing.size), thing.what,
                     thing.path.lexically_relative(workspace.root()).native()});
    all.push_back(Json::object({{"what", thing.what},
                                {"path", thing.path.native()},
                                {"bytes", static_cast<std::int64_t>(thing.size.value)}}));
  }
  if (!cells.empty()) call.out().line(table_text({"size", "what", "where"}, cells));
  const std::string total = to_string(sum);
  call.out().line(cells.empty() ? "nothing can be removed"
                  : remove      ? total + " removed"
                                : total + " can be removed: 'medperf storage clean --remove'");
  call.out().result(Json::object({{"removed", remove}, {"things", Json(std::move(all))}}));
  return 0;
}

constexpr std::array kClean = {Argument{"--remove", "", "Remove it; without this it is only shown.",
                                        ArgumentKind::kFlag, false}};

}  // namespace

std::span<const Command> storage_commands() {
  static constexpr std::array kCommands = {
      Command{"clean", "Show, or remove, what can be made or fetched again and nothing works on.",
              "medperf storage clean --remove", kClean, clean}};
  return kCommands;
}

}  // namespace medperf::cli
