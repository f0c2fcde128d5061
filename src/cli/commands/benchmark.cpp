#include <array>

#include <fmt/format.h>
#include "cli/commands/aggregate_table.h"
#include "cli/commands/benchmark_group.h"
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/model_runs.h"
#include "cli/commands/run_wishes.h"
#include "site/flows/register.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  site::BenchmarkSubmission submission;
  submission.specification = call.text("spec");
  submission.preparator = ContainerId{call.number("data-preparation-mlcube")};
  submission.evaluator = ContainerId{call.number("evaluator-mlcube")};
  submission.reference_model = ModelId{call.number("reference-model")};
  submission.demo_archive = call.text("demo-archive");
  submission.demo_url = call.text("demo-url");
  submission.source_archive = call.text("source-archive");
  submission.source_url = call.text("source-url");
  if (submission.source_archive.empty() != submission.source_url.empty()) {
    return make_error(ErrorKind::kInvalid, "--source-archive and --source-url",
                      "are given together or not at all");
  }
  submission.operational = call.has("operational");
  submission.closed_group = closed_group_of(call);
  MEDPERF_TRY(site::Registration done, site::submit_benchmark(*site, submission));
  return report_registration(call, "benchmark", done.id, done.already);
}

Result<int> decide(Invocation& call, bool approve) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done,
              site::decide_benchmark(*site, BenchmarkId{call.number("benchmark")}, approve));
  return report_registration(call, "benchmark", done.id, done.already,
                             approve ? "approved" : "rejected");
}
Result<int> approve(Invocation& call) {
  return decide(call, true);
}
Result<int> reject(Invocation& call) {
  return decide(call, false);
}

Result<int> run(Invocation& call) {
  MEDPERF_TRY(site::Site * site, site_with_wishes(call));
  site::RunOptions options;
  options.benchmark = BenchmarkId{call.number("benchmark")};
  options.dataset = DatasetId{call.number("dataset")};
  if (call.has("model")) options.only = ModelId{call.number("model")};
  options.again = call.has("again");
  if (call.has("shards")) options.shards = static_cast<int>(call.number("shards"));
  MEDPERF_TRY(std::vector<site::ModelRun> runs, site::run_benchmark(*site, options));
  return report_runs(call, runs);
}

Result<int> results(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::int64_t id = call.number("benchmark");
  MEDPERF_TRY(site::Benchmark benchmark, hub->benchmark(BenchmarkId{id}));
  MEDPERF_TRY(std::optional<Json> aggregate, hub->get_if_there(paths::aggregate(BenchmarkId{id})));
  if (!aggregate) {
    return make_error(ErrorKind::kNotFound, fmt::format("benchmark {}", id),
                      "this hub does not aggregate results",
                      "'medperf result ls' lists your own ones");
  }
  if (!call.out().is_json()) call.out().line(aggregate_text(*aggregate, benchmark));
  call.out().result(*aggregate);
  return 0;
}

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_benchmarks() : paths::benchmarks(),
                       domain::Entity::kBenchmark);
}
Result<int> view(Invocation& call) {
  return view_entity(call, paths::benchmark(BenchmarkId{call.number("id")}));
}

constexpr Argument kBenchmark = {"-b,--benchmark", "ID", "The benchmark.", ArgumentKind::kNumber,
                                 true};
constexpr std::array kSubmit = {
    Argument{"--spec", "FILE", "Specification (benchmark.yaml); it names the other documents.",
             ArgumentKind::kText, true},
    Argument{"--data-preparation-mlcube", "ID", "Preparation container.", ArgumentKind::kNumber,
             true},
    Argument{"--reference-model", "ID", "Reference model.", ArgumentKind::kNumber, true},
    Argument{"--evaluator-mlcube", "ID", "Evaluation container.", ArgumentKind::kNumber, true},
    Argument{"--demo-archive", "TAR", "Demo data (tar.gz with paths.yaml); read here, not sent.",
             ArgumentKind::kText, true},
    Argument{"--demo-url", "URL", "Where you serve that archive.", ArgumentKind::kText, true},
    Argument{
        "--source-archive", "TAR",
        "Source of the reference model (tar.gz) for 'medperf model new'; read here, not sent."},
    Argument{"--source-url", "URL", "Where you serve that source."},
    Argument{"--operational", "", "Freeze it at once (state OPERATION).", ArgumentKind::kFlag,
             false},
    kClosedGroupArgument,
};
constexpr std::array kDecide = {kBenchmark};
constexpr std::array kClose = {
    Argument{"--name", "NAME", "Its name; others may have the same.", ArgumentKind::kText, true}};
constexpr std::array kInvite = {
    kBenchmark,
    Argument{"--user", "ID", "A user's number on the hub.", ArgumentKind::kNumber, false},
    Argument{"--organisation", "ID", "Every member of an organisation.", ArgumentKind::kNumber,
             false},
};
constexpr std::array kCommittee = {
    kBenchmark,
    Argument{"--threshold", "N", "How many votes decide.", ArgumentKind::kNumber, false},
    Argument{"--members", "ID", "Users who vote.", ArgumentKind::kWords, false},
    Argument{"--dissolve", "", "Let the owner decide again.", ArgumentKind::kFlag, false},
};
constexpr auto kRun = with_run_wishes(std::array{
    kBenchmark,
    Argument{"-d,--dataset", "ID", "The dataset.", ArgumentKind::kNumber, true},
    Argument{"-m,--model", "ID", "Only this model.", ArgumentKind::kNumber, false},
    Argument{"--again", "", "Ask again what was declined; run again what failed.",
             ArgumentKind::kFlag, false},
    Argument{"--shards", "N", "Share inference out among N runs (default: scheduler.shards).",
             ArgumentKind::kNumber, false},
});

}  // namespace

std::span<const Command> benchmark_commands() {
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kCommands = {
      Command{"submit", "Test the containers on the demo data and register a benchmark.",
              "medperf benchmark submit --spec benchmark.yaml --data-preparation-mlcube 2 "
              "--reference-model 1 --evaluator-mlcube 3 --demo-archive demo.tar.gz --demo-url "
              "https://group.example/demo.tar.gz --operational",
              kSubmit, submit},
      Command{"approve", "Approve a benchmark (platform).", "medperf benchmark approve -b 1",
              kDecide, approve},
      Command{"reject", "Reject a benchmark (platform).", "medperf benchmark reject -b 1", kDecide,
              reject},
      Command{"run", "Run its approved models on a dataset, review and send each result.",
              "medperf benchmark run -b 1 -d 3", kRun, run},
      Command{"results", "Show models by sites and the aggregate.",
              "medperf benchmark results -b 1", kDecide, results},
      Command{"close", "Make a closed group, outside of which its objects do not exist.",
              "medperf benchmark close --name 'pilot study'", kClose, benchmark_close},
      Command{"invite", "Let a user or an organisation see a benchmark of a closed group.",
              "medperf benchmark invite -b 1 --user 5", kInvite, benchmark_invite},
      Command{"committee", "Show or set who decides by votes instead of the owner.",
              "medperf benchmark committee -b 1 --threshold 2 --members 4 7 9", kCommittee,
              benchmark_committee},
      Command{"ls", "List benchmarks.", "medperf benchmark ls", kLs, ls},
      Command{"view", "Show one benchmark.", "medperf benchmark view 1", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
