#include "site/flows/run.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>
#include "site/cluster/cluster.h"
#include "site/flows/decision.h"
#include "site/flows/disk.h"
#include "site/flows/figures.h"
#include "site/flows/progress.h"
#include "site/flows/script.h"

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

/// Journal and lock of all models of a benchmark on one dataset; their name on a cluster.
std::string batch_name(BenchmarkId benchmark, DatasetId dataset) {
  return fmt::format("b{}-d{}", benchmark.value, dataset.value);
}

/// Prepares what evaluate_locally needs and asks for both containers.
Result<Evaluation> make_evaluation(Site& site, Journal& journal, const OpenDataset& opened,
                                   const Benchmark& benchmark, ModelId id, No no,
                                   Json claimed_run = Json()) {
  MEDPERF_TRY(Hub * hub, site.hub());
  Evaluation out;
  out.benchmark = benchmark;
  out.claimed_run = std::move(claimed_run);
  MEDPERF_TRY(out.model, hub->model(id));
  if (!out.model.is_valid) {
    return make_error(ErrorKind::kRefused, fmt::format("model {}", id.value),
                      "its owner has withdrawn it");
  }
  out.data = opened.source();
  out.subject = run_name(benchmark.id, id, opened.dataset.id);
  out.flow = batch_name(benchmark.id, opened.dataset.id);
  out.folder = site.workspace().run_folder(benchmark.id, id, opened.dataset.id);
  MEDPERF_TRY(Container evaluator, hub->container(benchmark.evaluator));
  MEDPERF_TRY(out.evaluator, admit(site, evaluator));
  MEDPERF_CHECK(check_evaluator(out.model, out.evaluator));
  if (out.model.is_files()) {
    MEDPERF_TRY(out.files, admit_files(site, out.model.asset));
  } else {
    MEDPERF_TRY(out.model_image, admit(site, out.model.container));
  }
  MEDPERF_TRY(const Policy* policy, site.policy());
  const std::string expected = expectation(site.workspace(), out, policy->limits.memory);
  if (out.files) {
    MEDPERF_CHECK(
        approve_files(site, journal, "approve-run", out,
                      fmt::format("dataset {} '{}'", opened.dataset.id.value, opened.dataset.name),
                      no, expected));
    return out;
  }
  const std::string on = fmt::format("dataset {} '{}': prepared data, read-only, no labels",
                                     opened.dataset.id.value, opened.dataset.name);
  MEDPERF_CHECK(approve_container(site, journal, "approve-run", "model", out.model_image, on,
                                  "it writes predictions; nothing leaves the site", out.data.digest,
                                  no, expected));
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
  MEDPERF_TRY(const Policy* policy, site.policy());
  const DataSource data = opened.source();
  std::string expected =
      evaluation_expectation(site.workspace(), benchmark, evaluator.image.image,
                             cases_in(benchmark, data.data), policy->limits.memory);
  if (evaluator.config.task("evaluate") == nullptr)
    expected = "what each model takes, which its own question says";
  const std::string dataset = fmt::format("dataset {}", opened.dataset.id.value);
  std::string on = "predictions of the models and labels of " + dataset;
  if (takes_files(evaluator))
    on = script_mounts(evaluator, dataset) + "; you are asked about each model";
  return approve_container(site, journal, "approve-evaluator", "evaluation", evaluator, on,
                           "it writes results, which you see before anything is sent", data.digest,
                           No::kForgotten, expected);
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

/// One model's way through the command.
struct Entry {
  explicit Entry(const Candidate& candidate) {
    run.model = candidate.model;
    run.reference = candidate.reference;
  }
  ModelRun run;
  WorkTime time;
  bool over = false;  ///< its end is known
  std::optional<FileLock> lock;
  std::optional<Journal> journal;
  Evaluation evaluation;
};

void end_with(Entry& entry, const Error& error) {
  note_failure(entry.run, error);
  entry.over = true;
}

/// Gate, approval and the hub's row: what may need a person.
Status admit_model(Site& site, const RunOptions& options, const OpenDataset& opened,
                   const Benchmark& benchmark, Json claimed_run, Entry& entry) {
  const std::string name = run_name(benchmark.id, entry.run.model, opened.dataset.id);
  MEDPERF_TRY(entry.lock, site.workspace().lock(name));
  MEDPERF_TRY(entry.journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  if (options.again) MEDPERF_CHECK(entry.journal->forget_refusals());
  MEDPERF_TRY(entry.evaluation,
              make_evaluation(site, *entry.journal, opened, benchmark, entry.run.model, No::kNoted,
                              std::move(claimed_run)));
  entry.run.name = entry.evaluation.model.name;
  MEDPERF_TRY(entry.run.result,
              register_run(site, *entry.journal, entry.evaluation, opened.dataset.id));
  return {};
}

/// A failure is told to the hub once, unless it lies in the moment.
Status report_end(Site& site, Entry& entry, const Error& error) {
  const RunState state = state_of(error);
  const bool of_the_model = (state == RunState::kFailed || state == RunState::kRefused) &&
                            error.kind != ErrorKind::kUnavailable &&
                            error.kind != ErrorKind::kInterrupted && error.cause != kMomentCause;
  return of_the_model ? report_failure(site, *entry.journal, entry.run.result, error) : Status();
}

/// Envelope, approval and sending of a model whose stages are over.
Status send_model(Site& site, const OpenDataset& opened, const ModelWork& work, Entry& entry) {
  if (work.error) {
    MEDPERF_CHECK(report_end(site, entry, *work.error));
    return Error(*work.error);
  }
  auto local = seal_result(site, work);
  if (!local.ok()) {
    MEDPERF_CHECK(report_end(site, entry, local.error()));
    return std::move(local).error();
  }
  const Json* results =
      local->has_schema ? local->envelope.document.find("results") : &local->envelope.document;
  if (results != nullptr) entry.run.results = *results;
  MEDPERF_TRY(Submission sent, submit_result(site, *entry.journal, entry.evaluation, opened.dataset,
                                             *local, entry.run.result));
  entry.run.state = sent.sent_now ? RunState::kSubmitted : RunState::kAlready;
  return {};
}

Status check_unchanged(const OpenDataset& opened) {
  MEDPERF_TRY(bool same, looks_unchanged(opened.manifest, opened.roots));
  if (same) return {};
  return make_error(ErrorKind::kRefused, opened.source().name,
                    "its files changed while this command ran", "run the command again");
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

/// The command's own view of its benchmark, and the passes over all models.
class BenchmarkRun {
 public:
  BenchmarkRun(Site& site, const RunOptions& options, Benchmark benchmark, OpenDataset opened)
      : site_(site),
        options_(options),
        benchmark_(std::move(benchmark)),
        opened_(std::move(opened)),
        hub_url_(site.hub_unsigned().url()) {}

  Status admit_all(const std::vector<Candidate>& models, const std::vector<ResultRow>& rows) {
    MEDPERF_TRY(const int shards, shards_wanted());
    for (const Candidate& candidate : models) {
      Entry& entry = entries_.emplace_back(candidate);
      const WorkTimer timer(site_, entry.time);
      if (const ResultRow* row = finished_row(rows, options_, candidate.model)) {
        MEDPERF_CHECK(take_finished(*row, entry));
        continue;
      }
      if (!evaluator_approved_) MEDPERF_CHECK(approve_evaluator(site_, opened_, benchmark_));
      evaluator_approved_ = true;
      MEDPERF_TRY(Json claimed, claimed_run_of(candidate));
      MEDPERF_CHECK(end_if_failed(
          admit_model(site_, options_, opened_, benchmark_, std::move(claimed), entry), entry));
      entry.evaluation.shards = shards;
      if (shards > 1 && !entry.over && entry.evaluation.in_one_run()) {
        site_.tell(fmt::format(
            "model {} is inferred and evaluated in one run of the benchmark's script: not shared "
            "out",
            candidate.model.value));
      }
    }
    return {};
  }

  Status run_all() {
    for (Entry& entry : entries_) {
      if (entry.over) continue;
      ModelWork work;
      work.journal = &*entry.journal;
      work.evaluation = &entry.evaluation;
      works_.push_back(work);
      owners_.push_back(&entry);
    }
    if (works_.empty()) return {};
    MEDPERF_CHECK(check_unchanged(opened_));
    const fs::path& root = site_.workspace().root();
    MEDPERF_TRY(const DiskNeed need, estimate_disk(site_, works_));
    MEDPERF_TRY(const Bytes free, free_space(root));
    MEDPERF_CHECK(check_disk(need, free, root));
    MEDPERF_CHECK(infer_all(site_, works_));
    MEDPERF_CHECK(check_unchanged(opened_));
    MEDPERF_CHECK(evaluate_all(site_, works_));
    for (std::size_t i = 0; i < works_.size(); ++i) owners_[i]->time += works_[i].time;
    return cancel_left_over(site_, batch_name(options_.benchmark, options_.dataset));
  }

  Status send_all() {
    for (std::size_t i = 0; i < works_.size(); ++i) {
      Entry& entry = *owners_[i];
      const WorkTimer timer(site_, entry.time);
      MEDPERF_CHECK(end_if_failed(send_model(site_, opened_, works_[i], entry), entry));
    }
    return {};
  }

  Result<std::vector<ModelRun>> results() {
    std::vector<ModelRun> out;
    for (Entry& entry : entries_) {
      entry.run.engine = entry.time.engine;
      entry.run.gate = entry.time.gate;
      entry.run.own = entry.time.own;
      entry.run.wall = entry.time.wall;
      MEDPERF_CHECK(keep_timing(site_, options_, entry.run));
      out.push_back(std::move(entry.run));
    }
    return out;
  }

 private:
  Result<int> shards_wanted() const {
    const bool possible = can_share_cases(benchmark_);
    if (options_.shards && *options_.shards > 1 && !possible) {
      return make_error(ErrorKind::kInvalid, "--shards",
                        "the benchmark's specification does not say how its cases lie",
                        "run without --shards, or ask the benchmark's group for 'cases'");
    }
    const auto configured = static_cast<int>(site_.options().integer("scheduler.shards"));
    return possible ? std::max(1, options_.shards.value_or(configured)) : 1;
  }

  /// Asked for once a command, when a model is left to do. The reference model's figures are its
  /// benchmark's.
  Result<Json> claimed_run_of(const Candidate& candidate) {
    if (candidate.reference) return Json();
    if (!claims_) {
      MEDPERF_TRY(Hub * hub, site_.hub());
      MEDPERF_TRY(claims_, hub->claimed_demo_runs(benchmark_.id));
    }
    const auto found = claims_->find(candidate.model.value);
    return found == claims_->end() ? Json() : found->second;
  }

  Status take_finished(const ResultRow& row, Entry& entry) {
    MEDPERF_TRY(Hub * hub, site_.hub());
    MEDPERF_TRY(Model model, hub->model(entry.run.model));
    entry.run.name = model.name;
    entry.run.result = row.id;
    entry.run.state = RunState::kAlready;
    const Json* inner = row.results.find("results");
    entry.run.results = inner == nullptr ? row.results : *inner;
    entry.over = true;
    return {};
  }

  /// A model's failure is its end; an error that every other model would meet goes on.
  Status end_if_failed(const Status& done, Entry& entry) {
    if (done.ok()) return {};
    if (ends_everything(done.error(), hub_url_)) return Error(done.error());
    if (entry.run.name.empty()) {
      MEDPERF_TRY(Hub * hub, site_.hub());
      auto model = hub->model(entry.run.model);
      if (model.ok()) entry.run.name = model->name;
    }
    end_with(entry, done.error());
    return {};
  }

  Site& site_;
  const RunOptions& options_;
  Benchmark benchmark_;
  OpenDataset opened_;
  std::string hub_url_;
  bool evaluator_approved_ = false;
  std::optional<std::map<std::int64_t, Json>> claims_;
  std::deque<Entry> entries_;  // stay where they are: works refer to them
  std::vector<ModelWork> works_;
  std::vector<Entry*> owners_;
};

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
  MEDPERF_TRY(const std::vector<Candidate> models, candidates(site, benchmark, options));
  MEDPERF_TRY(const std::vector<ResultRow> rows, hub->my_results());
  const FlowProgress progress(site, batch_name(options.benchmark, options.dataset));
  BenchmarkRun run(site, options, std::move(benchmark), std::move(opened));
  MEDPERF_CHECK(run.admit_all(models, rows));
  MEDPERF_CHECK(run.run_all());
  progress->stage("sending", 0);
  MEDPERF_CHECK(run.send_all());
  progress->end_with("done");
  return run.results();
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
