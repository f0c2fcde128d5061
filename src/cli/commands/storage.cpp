#include <array>
#include <utility>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/flows/disk.h"

namespace medperf::cli {
namespace {

std::string shown_path(const site::Workspace& workspace, const fs::path& path) {
  const fs::path below = path.lexically_relative(workspace.root());
  return (below.empty() || *below.begin() == ".." ? path : below).native();
}

/// Shows what can go; removes it only when told to.
Result<int> clean(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const site::Workspace& workspace = site->workspace();
  const bool remove = call.has("remove");
  std::vector<std::vector<std::string>> cells;
  Json::Array all;
  Bytes sum{0};
  std::vector<site::Removable> things = site::removable_things(workspace);
  for (site::Removable& thing : site::removable_run_folders()) things.push_back(std::move(thing));
  for (const site::Removable& thing : things) {
    auto removed = remove ? site::remove_thing(workspace, thing) : Status();
    // A command of this user began to use it just now, in whatever workspace.
    if (!removed.ok() && removed.error().kind == ErrorKind::kBusy && thing.lock.empty()) continue;
    MEDPERF_CHECK(std::move(removed));
    sum.value += thing.size.value;
    cells.push_back({to_string(thing.size), thing.what, shown_path(workspace, thing.path)});
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
