#include <array>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/commands/run_follow.h"
#include "cli/invocation.h"
#include "site/flows/history.h"

namespace medperf::cli {
namespace {

Result<int> show(Invocation& call) {
  if (call.has("follow")) {
    if (call.has("name")) return follow_run(call, call.text("name"));
    return make_error(ErrorKind::kInvalid, "--follow", "which run is to be followed?",
                      "name it, e.g. medperf run show --follow b1-d3");
  }
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(std::vector<site::FlowHistory> flows, site::flow_histories(*site, call.text("name")));
  Json::Array all;
  std::vector<std::vector<std::string>> cells;
  for (const site::FlowHistory& flow : flows) {
    Json::Array steps;
    for (const site::StepHistory& step : flow.steps) {
      cells.push_back({flow.name, step.step, step.end, step.at, step.detail});
      steps.push_back(Json::object(
          {{"step", step.step}, {"end", step.end}, {"at", step.at}, {"detail", step.detail}}));
    }
    all.push_back(Json::object({{"name", flow.name}, {"steps", Json(std::move(steps))}}));
  }
  call.out().line(cells.empty() ? "nothing ran here yet"
                                : table_text({"run", "step", "end", "at", "detail"}, cells));
  call.out().result(Json(std::move(all)));
  return 0;
}

constexpr std::array kShow = {
    Argument{"name", "RUN", "Only this one, e.g. b1-m2-d3; to follow also b1-d3 or dataset-3.",
             ArgumentKind::kText, false},
    Argument{"--follow", "", "Show progress, time left and the log until it ends.",
             ArgumentKind::kFlag, false}};

}  // namespace

std::span<const Command> run_commands() {
  static constexpr std::array kCommands = {Command{"show", "Show which steps of each run are done.",
                                                   "medperf run show b1-m2-d3", kShow, show}};
  return kCommands;
}

}  // namespace medperf::cli
