#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include "base/process.h"
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/cluster/node.h"
#include "site/serve/serve.h"

namespace medperf::cli {
namespace {

void pause_until(Seconds length) {
  constexpr std::chrono::milliseconds kStep{100};
  const auto end = std::chrono::steady_clock::now() + length;
  while (!stop_requested() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kStep);
  }
}

Result<int> serve(Invocation& call) {
  MEDPERF_TRY(site::Site * first, call.site());
  const std::string command = first->options().text("notify.command");
  const auto tell = [&call](std::string_view line) { call.out().line(line); };
  site::AbsentPerson person(
      first->workspace(), call.clock(),
      [&](std::string_view line) {
        return site::notify_by_command(command, call.environment(), line);
      },
      tell);
  site::ServeSetup setup;
  setup.open = [&call](site::Person& absent) {
    return site::Site::open(call.site_setup(), call.clock(), absent);
  };
  setup.pause = pause_until;
  const auto poll = std::max<std::int64_t>(1, first->options().integer("serve.poll_seconds"));
  setup.poll = Seconds(static_cast<double>(poll));
  setup.once = call.has("once");
  tell(fmt::format("serving {} every {} s", first->workspace().root().native(), poll));
  MEDPERF_CHECK(site::serve(first->workspace(), person, setup));
  return 0;
}

Result<int> waiting(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const std::vector<site::Waiting> entries = site::WaitingList(site->workspace()).all();
  std::vector<std::vector<std::string>> cells;
  Json::Array all;
  for (const site::Waiting& entry : entries) {
    cells.push_back({entry.since, entry.title, entry.command});
    all.push_back(
        Json::object({{"title", entry.title}, {"command", entry.command}, {"since", entry.since}}));
  }
  call.out().line(cells.empty() ? "nothing waits for you"
                                : table_text({"since", "what", "answer with"}, cells));
  call.out().result(Json(std::move(all)));
  return 0;
}

/// What a node of the cluster runs. Exit code 0: nothing is left to do for this task.
Result<int> task(Invocation& call) {
  MEDPERF_TRY(const site::NodeTask task,
              site::node_task_from(call.text("batch"), call.environment()));
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const engine::TaskEnd end, site::run_on_node(*site, task));
  if (end == engine::TaskEnd::kInterrupted) {
    return make_error(ErrorKind::kInterrupted, "site task", "stopped; it has no outcome",
                      "the cluster runs it again");
  }
  return 0;
}

constexpr std::array kServe = {
    Argument{"--once", "", "One round, then end.", ArgumentKind::kFlag, false}};
constexpr std::array kTask = {
    Argument{"--batch", "NAME", "Batch of the site's cluster.", ArgumentKind::kText, true}};

}  // namespace

std::span<const Command> site_commands() {
  static constexpr std::array kCommands = {
      Command{
          "serve",
          "Ask the hub again and again and do what the policy allows; what needs a person waits.",
          "medperf site serve", kServe, serve},
      Command{"waiting", "Show what waits for a person.", "medperf site waiting", {}, waiting},
      Command{"task", "Run one task of a batch: what a node of the site's cluster does.",
              "medperf site task --batch medperf-0123456789abcdef", kTask, task}};
  return kCommands;
}

}  // namespace medperf::cli
