#include <array>

#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/submission.h"
#include "site/flows/register.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done, site::submit_container(*site, submission_of(call)));
  return report_registration(call, "container", done.id, done.already);
}

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_containers() : paths::containers(),
                       domain::Entity::kContainer);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::container(ContainerId{call.number("id")}));
}

}  // namespace

std::span<const Command> container_commands() {
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kCommands = {
      Command{"submit", "Register a container by the digest of its image archive.",
              "medperf container submit --name cxr-prepare --config container_config.yaml "
              "--archive prepare.tar --image-url https://group.example/prepare.tar --operational",
              kSubmissionArguments, submit},
      Command{"ls", "List containers.", "medperf container ls", kLs, ls},
      Command{"view", "Show one container.", "medperf container view 3", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
