#include <array>

#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/model_runs.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> ls(Invocation& call) {
  return list_entities(call, paths::my_results(), domain::Entity::kResult);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::result(ResultId{call.number("id")}));
}

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  site::RunOptions options;
  options.benchmark = BenchmarkId{call.number("benchmark")};
  options.dataset = DatasetId{call.number("dataset")};
  options.only = ModelId{call.number("model")};
  options.again = call.has("again");
  MEDPERF_TRY(std::vector<site::ModelRun> runs, site::run_benchmark(*site, options));
  return report_runs(call, runs);
}

constexpr std::array kSubmit = {
    Argument{"-b,--benchmark", "ID", "The benchmark.", ArgumentKind::kNumber, true},
    Argument{"-d,--dataset", "ID", "The dataset.", ArgumentKind::kNumber, true},
    Argument{"-m,--model", "ID", "The model.", ArgumentKind::kNumber, true},
    Argument{"--again", "", "Ask again what was declined; run again what failed.",
             ArgumentKind::kFlag, false},
};

}  // namespace

std::span<const Command> result_commands() {
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kCommands = {
      Command{"ls", "List the results of this account's datasets.", "medperf result ls", {}, ls},
      Command{"view", "Show one result with its statement.", "medperf result view 7", kView, view},
      Command{"submit", "Review, sign and send the result of one model.",
              "medperf result submit -b 1 -d 3 -m 2", kSubmit, submit},
  };
  return kCommands;
}

}  // namespace medperf::cli
