#include "site/flows/script.h"

#include <utility>

#include "base/yaml.h"
#include "engine/limits/run_watch.h"
#include "site/flows/figures.h"
#include "site/flows/outputs.h"

namespace medperf::site {
namespace {

Result<TaskRequest> request_script(const Evaluation& evaluation, const Json& inputs) {
  MEDPERF_CHECK(check_files(*evaluation.files));
  TaskRequest request = start_request(evaluation, evaluation.evaluator, std::string(kScriptTask),
                                      {"evaluation.part", "script"});
  request.paths = {{"data_path", evaluation.data.data.string()},
                   {"labels_path", evaluation.data.labels.string()},
                   {"model_files", evaluation.files->folder.string()},
                   {"results_path", (request.output / "results").string()}};
  request.inputs = inputs;
  return request;
}

/// What it took, where the benchmark says what a case is; kept for the next question, too.
Json note_figures(const Site& site, const Evaluation& evaluation,
                  const engine::Finished& finished) {
  const std::size_t cases = cases_in(evaluation.benchmark, evaluation.data.data);
  if (cases == 0 || !finished.outcome.ok()) return {};
  const RunFigures figures{cases, finished.outcome->wall, finished.outcome->peak_memory,
                           engine::size_of({finished.output}), evaluation.data.name};
  // It may be lost.
  (void)keep_figures(site.workspace(), figures_key(evaluation), figures).ok();
  return to_json(figures);
}

Result<Json> finish_script(Site& site, const Evaluation& evaluation,
                           const engine::Finished& finished) {
  MEDPERF_TRY(Json results, read_container_yaml(site, finished.output / "results", kScriptResults,
                                                "results.yaml of task run_script"));
  Json noted =
      Json::object({{"results", results}, {"run_at", to_iso8601(start_of(site, finished))}});
  Json figures = note_figures(site, evaluation, finished);
  if (!figures.is_null()) noted.set("figures", std::move(figures));
  MEDPERF_CHECK(replace_folder(finished.output, evaluation.folder / "evaluation"));
  MEDPERF_CHECK(write_copy(evaluation.folder / "results.yaml", to_yaml(results)));
  return noted;
}

}  // namespace

StageStep script_step(Site& site, const ModelWork& work, const Policy& policy) {
  const Evaluation& evaluation = *work.evaluation;
  StageStep step;
  step.journal = work.journal;
  step.name = std::string(kScriptTask);
  step.inputs = Json::object({{"script", evaluation.evaluator.identity()},
                              {"files", evaluation.files->identity()},
                              {"data", evaluation.data.digest.hex()},
                              {"policy", policy.digest.hex()}});
  step.request = [&evaluation, inputs = step.inputs] { return request_script(evaluation, inputs); };
  step.finish = [&site, &evaluation](const engine::Finished& finished) {
    return finish_script(site, evaluation, finished);
  };
  return step;
}

}  // namespace medperf::site
