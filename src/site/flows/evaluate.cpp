#include "site/flows/evaluate.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include "base/yaml.h"
#include "crypto/sha256.h"
#include "engine/limits/run_watch.h"
#include "site/flows/decision.h"
#include "site/flows/figures.h"
#include "site/flows/outputs.h"
#include "site/flows/script.h"
#include "site/flows/stage.h"
#include "site/review/texts.h"
#include "wire/task_contract.h"

namespace medperf::site {
namespace {

Result<TaskRequest> request_evaluation(const ModelWork& work, const Json& inputs) {
  const Evaluation& evaluation = *work.evaluation;
  const fs::path given = evaluation.folder / "predictions";
  MEDPERF_TRY(DatasetDigest found, predictions_digest(given));
  if (found.hex() != work.predictions.get_string("predictions")) {
    return make_error(ErrorKind::kCorrupt, given.string(),
                      "the predictions were changed after the model wrote them",
                      "run the command with --again to make them anew");
  }
  TaskRequest request =
      start_request(evaluation, evaluation.evaluator, "evaluate", {"evaluation.part", "evaluate"});
  request.paths = {{"predictions", given.string()},
                   {"labels", evaluation.data.labels.string()},
                   {"output_path", (request.output / "results" / "results.yaml").string()},
                   {"local_outputs_path", (request.output / "local_outputs").string()}};
  request.inputs = inputs;
  return request;
}

Result<Json> finish_evaluation(Site& site, const Evaluation& evaluation, const fs::path& output) {
  MEDPERF_TRY(Json results,
              read_container_yaml(site, output / "results", "results.yaml", "results.yaml"));
  MEDPERF_CHECK(replace_folder(output, evaluation.folder / "evaluation"));
  MEDPERF_CHECK(write_copy(evaluation.folder / "results.yaml", to_yaml(results)));
  return Json::object({{"results", results}});
}

/// For the next time that somebody is asked about this evaluator. It may be lost.
void remember_figures(const Site& site, const Evaluation& evaluation,
                      const engine::Finished& finished) {
  const std::size_t cases = cases_in(evaluation.benchmark, evaluation.data.data);
  if (cases == 0 || !finished.outcome.ok()) return;
  const RunFigures figures{cases, finished.outcome->wall, finished.outcome->peak_memory,
                           engine::size_of({finished.output}), evaluation.data.name};
  (void)keep_figures(site.workspace(), figures_key(evaluation.evaluator.image.image), figures).ok();
}

StageStep evaluation_step(Site& site, const ModelWork& work, const Policy& policy) {
  const Evaluation& evaluation = *work.evaluation;
  StageStep step;
  step.journal = work.journal;
  step.name = "evaluate";
  step.inputs = Json::object({{"evaluator", evaluation.evaluator.identity()},
                              {"predictions", work.predictions.get_string("predictions")},
                              {"data", evaluation.data.digest.hex()},
                              {"policy", policy.digest.hex()}});
  step.request = [&work, inputs = step.inputs] { return request_evaluation(work, inputs); };
  step.finish = [&site, &evaluation](const engine::Finished& finished) {
    remember_figures(site, evaluation, finished);
    return finish_evaluation(site, evaluation, finished.output);
  };
  return step;
}

Result<result::Envelope> wrap(const std::optional<result::ResultSchema>& schema,
                              const Json& results) {
  if (schema) return result::make_envelope(*schema, results);
  result::Envelope plain;
  plain.document = results;
  plain.canonical = to_canonical(results);
  return plain;
}

/// The envelope, or the refusal noted and recorded once.
Result<result::Envelope> seal(Site& site, Journal& journal, const Evaluation& evaluation,
                              const std::optional<result::ResultSchema>& schema,
                              const std::string& schema_digest, const Json& results) {
  auto envelope = wrap(schema, results);
  const Json inputs = Json::object(
      {{"results", crypto::sha256_hex(to_canonical(results))}, {"schema", schema_digest}});
  MEDPERF_TRY(
      Json noted, run_step_once(journal, "envelope", inputs, [&]() -> Result<Json> {
        if (!envelope.ok()) {
          Error error = envelope.error();
          Json::Array reasons;
          for (const FieldError& field : error.fields) {
            reasons.push_back(Json::object({{"path", field.field}, {"reason", field.message}}));
          }
          MEDPERF_CHECK(
              site.record("refusal", Json::object({{"what", "results"},
                                                   {"subject", evaluation.subject},
                                                   {"reasons", Json(std::move(reasons))}})));
          return std::move(error).at("results of " + evaluation.subject);
        }
        MEDPERF_CHECK(
            write_file_atomically(evaluation.folder / "envelope.json", envelope->canonical));
        return Json::object({{"sha256", crypto::sha256_hex(envelope->canonical)}});
      }));
  if (!envelope.ok()) return envelope;
  if (noted.get_string("sha256") != crypto::sha256_hex(envelope->canonical)) {
    return make_error(ErrorKind::kCorrupt, evaluation.subject,
                      "the envelope is not the one noted for these results",
                      "run the command with --again");
  }
  return envelope;
}

}  // namespace

TaskRequest start_request(const Evaluation& evaluation, const Admitted& container,
                          const std::string& task, const RunPlaces& places) {
  TaskRequest request;
  request.container = &container;
  request.task = task;
  request.output = evaluation.folder / places.output;
  request.log_file = evaluation.folder / "logs" / (places.log + ".log");
  request.subject = evaluation.subject;
  request.flow = evaluation.flow;
  request.asked = limits_asked(evaluation.benchmark, task);
  return request;
}

Result<std::optional<result::ResultSchema>> result_schema_of(const Benchmark& benchmark) {
  const Json* document = benchmark.medperf("result_schema");
  if (document == nullptr) return std::optional<result::ResultSchema>();
  auto schema = result::ResultSchema::parse(*document);
  if (!schema.ok()) return std::move(schema).error().at("result schema of the benchmark");
  return std::optional<result::ResultSchema>(std::move(*schema));
}

namespace {

/// The policy's yes to a publisher, noted and recorded once; nothing: a person is asked.
Result<bool> allowed_by_policy(Site& site, Journal& journal, std::string_view step,
                               const Json& inputs, UserId publisher, const Json& what) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  if (!policy->publisher_allowed(publisher)) return false;
  auto allowed = run_step(journal, step, inputs, [&]() -> Result<Json> {
    Json line = what;
    line.set("step", step);
    line.set("answer", "yes");
    line.set("rule", "run.allowed_publishers");
    MEDPERF_CHECK(site.record("decision", std::move(line)));
    return Json::object({{"answer", "yes"}, {"by", "policy"}});
  });
  if (!allowed.ok()) return std::move(allowed).error();
  return true;
}

}  // namespace

bool Evaluation::in_one_run() const {
  return files && !wire::infers_with_files(evaluator.config);
}

bool takes_files(const Admitted& evaluator) {
  return evaluator.config.task(kScriptTask) != nullptr || wire::infers_with_files(evaluator.config);
}

Status check_evaluator(const Model& model, const Admitted& evaluator) {
  const std::string_view task = model.is_files() ? kScriptTask : "evaluate";
  if (model.is_files() ? takes_files(evaluator) : evaluator.config.task(task) != nullptr) return {};
  return make_error(ErrorKind::kInvalid, fmt::format("model {} '{}'", model.id.value, model.name),
                    fmt::format("is {}, and the benchmark's evaluation container {} has no task {}",
                                model.is_files() ? "given as files" : "a container",
                                evaluator.container.id.value, task),
                    "ask the benchmark's group which models it takes");
}

std::string script_mounts(const Admitted& script, const std::string& data) {
  if (wire::infers_with_files(script.config)) {
    return fmt::format(
        "prepared data of {} and the files of one model, read-only, no labels; then its "
        "predictions "
        "and the labels, without the files",
        data);
  }
  return fmt::format("prepared data of {}, its labels and the files of one model, read-only", data);
}

Status approve_files(Site& site, Journal& journal, std::string_view step,
                     const Evaluation& evaluation, const std::string& data, No no,
                     const std::string& expected) {
  const ModelFiles& files = *evaluation.files;
  const Admitted& script = evaluation.evaluator;
  MEDPERF_TRY(const Policy* policy, site.policy());
  const Json inputs = Json::object({{"files", files.identity()},
                                    {"script", script.identity()},
                                    {"data", evaluation.data.digest.hex()},
                                    {"policy", policy->digest.hex()}});
  MEDPERF_TRY(const bool allowed,
              allowed_by_policy(site, journal, step, inputs, files.asset.owner,
                                Json::object({{"asset", files.asset.id.value}})));
  if (allowed) return {};
  auto decision =
      decide(site, journal, step, inputs,
             files_question({files, script, script_mounts(script, data), expected}), no);
  if (!decision.ok()) return std::move(decision).error();
  return {};
}

Status approve_container(Site& site, Journal& journal, std::string_view step,
                         const std::string& role, const Admitted& admitted,
                         const std::string& on_what, const std::string& effect,
                         const DatasetDigest& data, No no, const std::string& expected) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  // A run that asks for more than it may have is refused before anybody is asked.
  for (const auto& item : admitted.config.tasks) MEDPERF_CHECK(site.grant(item.second));
  const Json inputs = Json::object(
      {{"container", admitted.identity()}, {"data", data.hex()}, {"policy", policy->digest.hex()}});
  MEDPERF_TRY(const bool allowed,
              allowed_by_policy(site, journal, step, inputs, admitted.container.owner,
                                Json::object({{"container", admitted.container.id.value}})));
  if (allowed) return {};
  MEDPERF_TRY(const RunWishes* wishes, site.wishes());
  const RunRequest request{role, gate_report(admitted, *policy, *wishes), on_what, effect,
                           expected};
  auto decision = decide(site, journal, step, inputs, run_question(request), no);
  if (!decision.ok()) return std::move(decision).error();
  return {};
}

Status evaluate_all(Site& site, std::span<ModelWork> models) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  std::vector<StageStep> steps;
  std::vector<ModelWork*> owners;
  for (ModelWork& work : models) {
    if (work.error) continue;
    const bool in_one_run = work.evaluation->in_one_run();
    if (in_one_run) MEDPERF_CHECK(make_private_folder(work.evaluation->folder));
    steps.push_back(in_one_run ? script_step(site, work, *policy)
                               : evaluation_step(site, work, *policy));
    owners.push_back(&work);
  }
  MEDPERF_CHECK(run_stage(site, steps));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ModelWork& work = *owners[i];
    work.ran = work.ran || steps[i].ran;
    work.time += steps[i].time;
    if (steps[i].output.ok()) {
      work.results = *steps[i].output;
    } else {
      work.error = steps[i].output.error();
    }
  }
  return {};
}

Result<LocalResult> seal_result(Site& site, const ModelWork& work) {
  const Evaluation& evaluation = *work.evaluation;
  MEDPERF_TRY(std::optional<result::ResultSchema> schema, result_schema_of(evaluation.benchmark));
  LocalResult out;
  out.has_schema = schema.has_value();
  if (schema) out.schema_digest = crypto::sha256_hex(to_canonical(schema->document()));
  const Json* results = work.results.find("results");
  if (results == nullptr) {
    return make_error(ErrorKind::kCorrupt, evaluation.subject, "the journal lacks the results",
                      "run the command with --again");
  }
  // What inference was: of a script, its only run.
  const Json& inference = evaluation.in_one_run() ? work.results : work.predictions;
  MEDPERF_TRY(out.run_at, parse_iso8601(inference.get_string("run_at")));
  MEDPERF_TRY(out.envelope,
              seal(site, *work.journal, evaluation, schema, out.schema_digest, *results));
  if (const Json* figures = inference.find("figures")) out.figures = *figures;
  out.ran = work.ran;
  return out;
}

Result<LocalResult> evaluate_locally(Site& site, Journal& journal, const Evaluation& evaluation) {
  // A schema that cannot be read is known before anything runs.
  MEDPERF_CHECK(result_schema_of(evaluation.benchmark));
  ModelWork work;
  work.journal = &journal;
  work.evaluation = &evaluation;
  const std::span<ModelWork> one(&work, 1);
  MEDPERF_CHECK(infer_all(site, one));
  MEDPERF_CHECK(evaluate_all(site, one));
  if (work.error) return std::move(*work.error);
  return seal_result(site, work);
}

}  // namespace medperf::site
