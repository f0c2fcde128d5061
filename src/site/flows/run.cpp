#include "site/flows/run.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include "site/flows/decision.h"

namespace medperf::site {
namespace {

struct Candidate {
  ModelId model;
  bool reference = false;
};

/// Approved models in the hub's order, the reference model last.
Result<std::vector<Candidate>> candidates(Site& site, const Benchmark& benchmark,
                                          const RunOptions& options) {
  MEDPERF_TRY(Hub * hub, site.hub());
  std::vector<Candidate> out;
  if (options.only && *options.only == benchmark.reference_model) {
    return std::vector<Candidate>{{benchmark.reference_model, true}};
  }
  MEDPERF_TRY(std::vector<Association> rows, hub->benchmark_models(benchmark.id));
  for (const Association& row : rows) {
    const ModelId model{row.object};
    if (row.approval_status != "APPROVED" || model == benchmark.reference_model) continue;
    if (!options.only || *options.only == model) out.push_back({model, false});
  }
  if (options.only && out.empty()) {
    return make_error(
        ErrorKind::kForbidden, fmt::format("model {}", options.only->value),
        fmt::format("is not an approved model of benchmark {}", benchmark.id.value),
        fmt::format("'medperf association ls -b {}' shows the requests", benchmark.id.value));
  }
  if (!options.only) out.push_back({benchmark.reference_model, true});
  return out;
}

/// Prepares what evaluate_locally needs and asks for both containers.
Result<Evaluation> make_evaluation(Site& site, Journal& journal, const OpenDataset& opened,
                                   const Benchmark& benchmark, ModelId id, No no) {
  MEDPERF_TRY(Hub * hub, site.hub());
  Evaluation out;
  out.benchmark = benchmark;
  MEDPERF_TRY(out.model, hub->model(id));
  if (!out.model.is_valid) {
    return make_error(ErrorKind::kRefused, fmt::format("model {}", id.value),
                      "its owner has withdrawn it");
  }
  out.data = opened.source();
  out.subject = run_name(benchmark.id, id, opened.dataset.id);
  out.folder = site.workspace().run_folder(benchmark.id, id, opened.dataset.id);
  MEDPERF_TRY(out.model_image, admit(site, out.model.container));
  MEDPERF_TRY(Container evaluator, hub->container(benchmark.evaluator));
  MEDPERF_TRY(out.evaluator, admit(site, evaluator));
  const std::string on = fmt::format("dataset {} '{}': prepared data, read-only, no labels",
                                     opened.dataset.id.value, opened.dataset.name);
  MEDPERF_CHECK(approve_container(site, journal, "approve-run", "model", out.model_image, on,
                                  "it writes predictions; nothing leaves the site", out.data.digest,
                                  no));
  return out;
}

/// The evaluation container is approved once for a dataset and benchmark, not with every model.
Status approve_evaluator(Site& site, const OpenDataset& opened, const Benchmark& benchmark) {
  const std::string name =
      fmt::format("evaluator-b{}-d{}", benchmark.id.value, opened.dataset.id.value);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Container container, hub->container(benchmark.evaluator));
  MEDPERF_TRY(Admitted evaluator, admit(site, container));
  return approve_container(
      site, journal, "approve-evaluator", "evaluation", evaluator,
      fmt::format("predictions of the models and labels of dataset {}", opened.dataset.id.value),
      "it writes results, which you see before anything is sent", opened.source().digest);
}

const ResultRow* finished_row(const std::vector<ResultRow>& rows, const RunOptions& options,
                              ModelId model) {
  for (const ResultRow& row : rows) {
    if (row.finalized && row.is_valid && row.benchmark == options.benchmark &&
        row.dataset == options.dataset && row.model == model) {
      return &row;
    }
  }
  return nullptr;
}

RunState state_of(const Error& error) {
  if (is_waiting(error)) return RunState::kWaiting;
  if (error.kind != ErrorKind::kRefused && error.kind != ErrorKind::kCorrupt) {
    return RunState::kFailed;
  }
  return error.what.starts_with("declined") ? RunState::kDeclined : RunState::kRefused;
}

/// Trouble that would meet every other model as well.
bool ends_everything(const Error& error, const std::string& hub_url) {
  switch (error.kind) {
    case ErrorKind::kInterrupted:
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kBug:
      return true;
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimedOut:
      return error.where.find(hub_url) != std::string::npos;
    default:
      return false;
  }
}

void note_failure(ModelRun& run, const Error& error) {
  run.state = state_of(error);
  run.kind = error.kind;
  run.reason = error.text();
  run.noted = error.cause == kNotedCause;
}

/// Everything for one model; errors are those of the model.
Status run_model(Site& site, const RunOptions& options, const OpenDataset& opened,
                 const Benchmark& benchmark, ModelRun& run) {
  const std::string name = run_name(benchmark.id, run.model, opened.dataset.id);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  if (options.again) MEDPERF_CHECK(journal.forget_refusals());
  MEDPERF_TRY(bool same, looks_unchanged(opened.manifest, opened.roots));
  if (!same) {
    return make_error(ErrorKind::kRefused, opened.source().name,
                      "its files changed while this command ran", "run the command again");
  }
  MEDPERF_TRY(Evaluation evaluation,
              make_evaluation(site, journal, opened, benchmark, run.model, No::kNoted));
  run.name = evaluation.model.name;
  MEDPERF_TRY(run.result, register_run(site, journal, evaluation, opened.dataset.id));
  auto local = evaluate_locally(site, journal, evaluation);
  if (!local.ok()) {
    Error error = std::move(local).error();
    if (state_of(error) == RunState::kFailed || state_of(error) == RunState::kRefused) {
      if (error.kind != ErrorKind::kUnavailable && error.kind != ErrorKind::kInterrupted &&
          error.cause != kMomentCause) {
        MEDPERF_CHECK(report_failure(site, journal, run.result, error));
      }
    }
    return error;
  }
  const Json* results =
      local->has_schema ? local->envelope.document.find("results") : &local->envelope.document;
  if (results != nullptr) run.results = *results;
  MEDPERF_TRY(Submission sent,
              submit_result(site, journal, evaluation, opened.dataset, *local, run.result));
  run.state = sent.sent_now ? RunState::kSubmitted : RunState::kAlready;
  return {};
}

/// Keeps where the time went beside the run; what an earlier command did keeps its own figures.
Status keep_timing(Site& site, const RunOptions& options, const ModelRun& run) {
  const bool ran = !run.noted && run.state != RunState::kAlready && run.engine.count() > 0;
  const fs::path folder =
      site.workspace().run_folder(options.benchmark, run.model, options.dataset);
  if (!ran || !fs::exists(folder)) return {};
  return write_copy(folder / "timing.json",
                    to_text(Json::object({{"medperf", "medperf/timing/v1"},
                                          {"state", to_string(run.state)},
                                          {"wall_seconds", run.wall.count()},
                                          {"engine_seconds", run.engine.count()},
                                          {"gate_seconds", run.gate.count()},
                                          {"own_seconds", run.own.count()}})));
}

Result<OpenDataset> open_for(Site& site, const RunOptions& options, const Benchmark& benchmark) {
  MEDPERF_TRY(OpenDataset opened, open_dataset(site, options.dataset));
  if (opened.dataset.preparator != benchmark.preparator) {
    return make_error(ErrorKind::kConflict, fmt::format("dataset {}", options.dataset.value),
                      fmt::format("was prepared with container {}, the benchmark uses {}",
                                  opened.dataset.preparator.value, benchmark.preparator.value),
                      "submit and prepare the data for this benchmark");
  }
  return opened;
}

}  // namespace

std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::kSubmitted:
      return "submitted";
    case RunState::kAlready:
      return "already submitted";
    case RunState::kFailed:
      return "failed";
    case RunState::kRefused:
      return "refused";
    case RunState::kDeclined:
      return "declined";
    case RunState::kWaiting:
      return "waiting";
  }
  return "unknown";
}

Result<std::vector<ModelRun>> run_benchmark(Site& site, const RunOptions& options) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Benchmark benchmark, hub->benchmark(options.benchmark));
  MEDPERF_TRY(OpenDataset opened, open_for(site, options, benchmark));
  MEDPERF_TRY(std::vector<Candidate> models, candidates(site, benchmark, options));
  MEDPERF_TRY(std::vector<ResultRow> rows, hub->my_results());
  bool evaluator_approved = false;
  std::vector<ModelRun> runs;
  for (const Candidate& candidate : models) {
    ModelRun run;
    run.model = candidate.model;
    run.reference = candidate.reference;
    const TimeSpent before = site.spent();
    const auto start = std::chrono::steady_clock::now();
    Status done;
    if (const ResultRow* row = finished_row(rows, options, candidate.model)) {
      MEDPERF_TRY(Model model, hub->model(candidate.model));
      run.name = model.name;
      run.result = row->id;
      run.state = RunState::kAlready;
      const Json* inner = row->results.find("results");
      run.results = inner == nullptr ? row->results : *inner;
    } else {
      if (!evaluator_approved) {
        MEDPERF_CHECK(approve_evaluator(site, opened, benchmark));
        evaluator_approved = true;
      }
      done = run_model(site, options, opened, benchmark, run);
    }
    run.wall = std::chrono::steady_clock::now() - start;
    run.engine = site.spent().engine - before.engine;
    run.gate = site.spent().gate - before.gate;
    run.own = run.wall - run.engine - run.gate - (site.spent().person - before.person);
    if (!done.ok()) {
      if (ends_everything(done.error(), hub->url())) return std::move(done).error();
      if (run.name.empty()) {
        auto model = hub->model(candidate.model);
        if (model.ok()) run.name = model->name;
      }
      note_failure(run, done.error());
    }
    MEDPERF_CHECK(keep_timing(site, options, run));
    runs.push_back(std::move(run));
  }
  return runs;
}

Result<LocalResult> run_reference(Site& site, const OpenDataset& opened,
                                  const Benchmark& benchmark) {
  const std::string name = run_name(benchmark.id, benchmark.reference_model, opened.dataset.id);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  MEDPERF_CHECK(approve_evaluator(site, opened, benchmark));
  MEDPERF_TRY(Evaluation evaluation, make_evaluation(site, journal, opened, benchmark,
                                                     benchmark.reference_model, No::kForgotten));
  return evaluate_locally(site, journal, evaluation);
}

}  // namespace medperf::site
