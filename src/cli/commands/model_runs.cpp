#include "cli/commands/model_runs.h"

#include <algorithm>

#include <fmt/format.h>
#include "cli/exit_codes.h"

namespace medperf::cli {
namespace {

std::string interval_text(const Json& results, std::string_view name) {
  const Json* figure = results.find(name);
  if (figure == nullptr || !figure->is_object()) return "";
  const Json* value = figure->find("value");
  const Json* low = figure->find("low");
  const Json* high = figure->find("high");
  if (value == nullptr || !value->is_number()) return "suppressed";
  if (low == nullptr || high == nullptr || !low->is_number() || !high->is_number()) {
    return fmt::format("{:.3f}", value->as_double());
  }
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", value->as_double(), low->as_double(),
                     high->as_double());
}

Json to_json(const site::ModelRun& run) {
  return Json::object({{"model", run.model.value},
                       {"name", run.name},
                       {"reference", run.reference},
                       {"state", site::to_string(run.state)},
                       {"noted_earlier", run.noted},
                       {"reason", run.reason},
                       {"result", run.result.value},
                       {"results", run.results},
                       {"seconds", Json::object({{"wall", run.wall.count()},
                                                 {"engine", run.engine.count()},
                                                 {"gate", run.gate.count()},
                                                 {"own", run.own.count()}})}});
}

bool did_something(const site::ModelRun& run) {
  return run.state != site::RunState::kAlready && !run.noted;
}

}  // namespace

Result<int> report_runs(Invocation& call, const std::vector<site::ModelRun>& runs) {
  std::vector<std::vector<std::string>> cells;
  Json::Array all;
  int code = kOk;
  for (const site::ModelRun& run : runs) {
    cells.push_back({std::to_string(run.model.value),
                     run.name + (run.reference ? " (reference)" : ""),
                     std::string(site::to_string(run.state)) + (run.noted ? " earlier" : ""),
                     interval_text(run.results, "auc"), fmt::format("{:.2f} s", run.gate.count()),
                     fmt::format("{:.2f} s", run.engine.count()),
                     fmt::format("{:.0f} ms", run.own.count() * 1000)});
    all.push_back(to_json(run));
    if (run.state == site::RunState::kWaiting && code == kOk) code = kWaitingForPerson;
    if (run.state == site::RunState::kFailed || run.state == site::RunState::kRefused ||
        run.state == site::RunState::kDeclined) {
      code = kSomeModelsFailed;
    }
  }
  call.out().line("");
  call.out().line(
      table_text({"model", "name", "state", "AUC [95 % CI]", "gate", "engine", "own time"}, cells));
  for (const site::ModelRun& run : runs) {
    if (!run.reason.empty())
      call.out().line(fmt::format("model {}: {}", run.model.value, run.reason));
  }
  const bool idle = std::none_of(runs.begin(), runs.end(), did_something);
  if (idle) {
    call.out().line(
        "everything was done by an earlier command: no container was started, nothing "
        "was written to the hub");
  }
  call.out().result(Json::object({{"runs", Json(std::move(all))}, {"nothing_to_do", idle}}));
  return code;
}

}  // namespace medperf::cli
