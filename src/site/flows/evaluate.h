#pragma once
// One model on one dataset, up to the edge of the site: gate, decision, infer, evaluate, envelope.
// Nothing leaves here; see submit.h.

#include <optional>
#include <span>
#include <string>

#include "result/envelope.h"
#include "site/flows/decision.h"
#include "site/flows/task.h"
#include "site/flows/work_time.h"
#include "site/gate/gate.h"
#include "site/gate/model_files.h"

namespace medperf::site {

/// Prepared data as containers see it.
struct DataSource {
  std::string name;  ///< "dataset 3" or "demo data"
  fs::path data;
  fs::path labels;
  DatasetDigest digest;
};

struct Evaluation {
  Benchmark benchmark;
  Model model;
  Admitted model_image;             ///< unless the model is given as files
  std::optional<ModelFiles> files;  ///< then the evaluator is a script that they are given to
  Admitted evaluator;
  DataSource data;
  fs::path folder;      ///< of this run
  std::string subject;  ///< "b1-m2-d3"
  std::string flow;     ///< "b1-d3": of all models together
  /// What its owner says it took on the demo data (medperf/run-figures/v1), not to be trusted;
  /// null: nothing is said.
  Json claimed_run = Json();
  /// Inference is shared out among so many runs, if the benchmark says how cases lie.
  int shards = 1;
  /// A script infers and evaluates in one run, unless it has a task for each.
  bool in_one_run() const;
  /// The container that infers: the model's, or the one that is given its files.
  const Admitted& inference() const { return files ? evaluator : model_image; }
};

struct LocalResult {
  /// What may leave. Without a result schema: the canonical results themselves.
  result::Envelope envelope;
  bool has_schema = false;
  std::string schema_digest;  ///< SHA-256 hex of the canonical schema
  Timestamp run_at;
  Json figures;      ///< what inference took (medperf/run-figures/v1); null: not known
  bool ran = false;  ///< a container ran in this call
};

/// Where a run of an evaluation writes, below its folder.
struct RunPlaces {
  fs::path output;
  std::string log;  ///< name of its log, without ".log"
};
/// A request of any task of an evaluation; paths and inputs are the task's own.
TaskRequest start_request(const Evaluation& evaluation, const Admitted& container,
                          const std::string& task, const RunPlaces& places);

/// A person's approval of a container, or the policy's within its limits.
Status approve_container(Site& site, Journal& journal, std::string_view step,
                         const std::string& role, const Admitted& admitted,
                         const std::string& on_what, const std::string& effect,
                         const DatasetDigest& data, No no = No::kForgotten,
                         const std::string& expected = {});

/// The same of the files of an evaluation's model, which its script is given; `data`: "dataset 3".
Status approve_files(Site& site, Journal& journal, std::string_view step,
                     const Evaluation& evaluation, const std::string& data, No no = No::kForgotten,
                     const std::string& expected = {});
/// Whether an evaluation container takes models given as files.
bool takes_files(const Admitted& evaluator);
/// What a script is given of the data, in words.
std::string script_mounts(const Admitted& script, const std::string& data);

/// A model's container is evaluated by the task `evaluate`, its files by `run_script` or by `infer`
/// and `evaluate`. Errors: invalid, when the benchmark's evaluation container has no such task.
Status check_evaluator(const Model& model, const Admitted& evaluator);

/// One model's way through the stages, beside others.
struct ModelWork {
  Journal* journal = nullptr;
  const Evaluation* evaluation = nullptr;
  std::optional<Error> error;  ///< the model goes no further
  Json predictions;            ///< what the step "infer" noted; null: a script did all in one run
  Json results;                ///< what "evaluate" or "run_script" noted
  bool ran = false;            ///< a container ran in this call
  WorkTime time;               ///< of the stages
};

/// Whether the benchmark says how its cases lie, so that inference can be shared out.
bool can_share_cases(const Benchmark& benchmark);

/// The stage of all inference, then that of all evaluation: what is noted is not run again. A
/// model's failure is its own. Errors: as run_stage.
Status infer_all(Site& site, std::span<ModelWork> models);
Status evaluate_all(Site& site, std::span<ModelWork> models);
/// What may leave of a model whose stages succeeded. Errors: refused (envelope), corrupt.
Result<LocalResult> seal_result(Site& site, const ModelWork& work);

/// All of it for one model. Errors: as run_task; refused (declined, envelope), also when noted
/// by an earlier command (cause kNotedCause).
Result<LocalResult> evaluate_locally(Site& site, Journal& journal, const Evaluation& evaluation);

/// The result schema of a benchmark, or nothing. Errors: invalid.
Result<std::optional<result::ResultSchema>> result_schema_of(const Benchmark& benchmark);

}  // namespace medperf::site
