// Inference of many models: one run a model, or one a shard of the cases.

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include "crypto/sha256.h"
#include "engine/limits/run_watch.h"
#include "site/cases/shards.h"
#include "site/flows/evaluate.h"
#include "site/flows/figures.h"
#include "site/flows/outputs.h"
#include "site/flows/stage.h"

namespace medperf::site {
namespace {

std::optional<wire::CaseLayout> layout_of(const Benchmark& benchmark) {
  const Json* document = benchmark.medperf("specification");
  if (document == nullptr) return std::nullopt;
  auto specification = wire::read_benchmark_specification(*document);
  return specification.ok() ? specification->cases : std::nullopt;
}

Json inference_inputs(const Evaluation& evaluation, const Policy& policy) {
  Json out = Json::object({{"model", evaluation.inference().identity()},
                           {"data", evaluation.data.digest.hex()},
                           {"policy", policy.digest.hex()}});
  if (evaluation.files) out.set("files", evaluation.files->identity());
  return out;
}

/// Of one run: all cases, or one shard's.
Result<TaskRequest> request_inference(const Evaluation& evaluation, const fs::path& data,
                                      const RunPlaces& places, const Json& inputs) {
  TaskRequest request = start_request(evaluation, evaluation.inference(), "infer", places);
  request.paths = {{"data_path", data.string()}, {"output_path", request.output.string()}};
  if (evaluation.files) {
    MEDPERF_CHECK(check_files(*evaluation.files));
    request.paths["model_files"] = evaluation.files->folder.string();
  }
  request.inputs = inputs;
  return request;
}

/// Puts finished predictions in their place; what is noted of them.
Result<Json> take_predictions(const fs::path& output, const fs::path& place, Timestamp run_at) {
  MEDPERF_CHECK(sync_output(output));
  MEDPERF_TRY(DatasetDigest digest, predictions_digest(output));
  MEDPERF_CHECK(replace_folder(output, place));
  return Json::object({{"predictions", digest.hex()}, {"run_at", to_iso8601(run_at)}});
}

StageStep whole_step(Site& site, const ModelWork& work, Json inputs) {
  const Evaluation& evaluation = *work.evaluation;
  StageStep step;
  step.journal = work.journal;
  step.name = "infer";
  step.inputs = std::move(inputs);
  step.request = [&evaluation, inputs = step.inputs] {
    return request_inference(evaluation, evaluation.data.data, {"predictions.part", "infer"},
                             inputs);
  };
  step.finish = [&site, &evaluation](const engine::Finished& finished) {
    return take_predictions(finished.output, evaluation.folder / "predictions",
                            start_of(site, finished));
  };
  return step;
}

/// The shards of one dataset, made once for all models of a command and held until they are done.
struct SharedData {
  FileLock lock;
  wire::CaseLayout layout;
  fs::path folder;
  std::vector<CaseRange> ranges;  ///< one a shard
  std::string rule;               ///< digest of what decides which case is where
};
using SharedDataPointer = std::shared_ptr<const SharedData>;

std::string shard_name(std::size_t shard) {
  return fmt::format("shard-{}", shard + 1);
}

std::string sharing_rule(const Evaluation& evaluation, const wire::CaseLayout& layout) {
  const auto words = [](const std::vector<std::string>& list) {
    return Json(Json::Array(list.begin(), list.end()));
  };
  return crypto::sha256_hex(to_canonical(Json::object({{"data", evaluation.data.digest.hex()},
                                                       {"shards", evaluation.shards},
                                                       {"tables", words(layout.tables)},
                                                       {"arrays", words(layout.arrays)},
                                                       {"files", words(layout.files)}})));
}

/// Found whole, or made: written beside and renamed.
Result<SharedDataPointer> share_data(Site& site, const Evaluation& evaluation,
                                     const wire::CaseLayout& layout, const std::string& rule) {
  MEDPERF_TRY(FileLock lock, site.workspace().lock("shards-" + rule.substr(0, 16)));
  MEDPERF_TRY(const std::size_t cases, count_cases(layout, evaluation.data.data));
  const std::vector<CaseRange> ranges =
      share_out(cases, static_cast<std::size_t>(evaluation.shards));
  auto out = std::make_shared<SharedData>(
      SharedData{std::move(lock), layout, site.workspace().shards_folder(rule), ranges, rule});
  if (fs::exists(out->folder)) return SharedDataPointer(std::move(out));
  site.tell(fmt::format("sharing {} cases out among {} runs", cases, ranges.size()));
  const fs::path beside = out->folder.native() + ".part";
  std::vector<fs::path> targets;
  for (std::size_t i = 0; i < ranges.size(); ++i) targets.push_back(beside / shard_name(i));
  MEDPERF_CHECK(remove_tree(beside));
  MEDPERF_CHECK(make_private_folder(beside));
  MEDPERF_CHECK(write_shards(layout, evaluation.data.data, ranges, targets));
  MEDPERF_CHECK(replace_folder(beside, out->folder));
  return SharedDataPointer(std::move(out));
}

StageStep shard_step(Site& site, const ModelWork& work, const Json& inputs,
                     const SharedData& shared, std::size_t shard) {
  const Evaluation& evaluation = *work.evaluation;
  StageStep step;
  step.journal = work.journal;
  step.name = "infer-shard";
  step.inputs = Json::object({{"infer", inputs}, {"rule", shared.rule}, {"shard", shard}});
  const fs::path place = evaluation.folder / "shards" / shard_name(shard);
  step.request = [&evaluation, &shared, shard, inputs = step.inputs] {
    const RunPlaces places{fs::path("shards") / (shard_name(shard) + ".part"),
                           "infer-" + shard_name(shard)};
    return request_inference(evaluation, shared.folder / shard_name(shard), places, inputs);
  };
  step.finish = [&site, place](const engine::Finished& finished) {
    return take_predictions(finished.output, place, start_of(site, finished));
  };
  return step;
}

/// What a run took, beside what is noted of it.
Result<Json> with_figures(Result<Json> noted, const engine::Finished& finished, Bytes output,
                          std::size_t cases, const std::string& on) {
  if (!noted.ok() || cases == 0 || !finished.outcome.ok()) return noted;
  noted->set("figures", to_json(RunFigures{cases, finished.outcome->wall,
                                           finished.outcome->peak_memory, output, on}));
  return noted;
}

/// Lets the cases of a run be counted while it goes on, and what it took be noted.
void count_cases_of(StageStep& step, const wire::CaseLayout& layout, std::size_t cases,
                    std::string run, const std::string& on) {
  step.cases = cases;
  step.finish = [inner = std::move(step.finish), cases, on](const engine::Finished& finished) {
    const Bytes output = engine::size_of({finished.output});
    return with_figures(inner(finished), finished, output, cases, on);
  };
  step.count = [layout](const fs::path& output) { return count_outputs(layout, output); };
  step.run = std::move(run);
}

/// Of all shards together; nothing when one did not note its own.
std::optional<RunFigures> figures_of(std::span<const StageStep> steps) {
  std::optional<RunFigures> out;
  for (const StageStep& step : steps) {
    const Json* noted = step.output.ok() ? step.output->find("figures") : nullptr;
    const auto own = noted == nullptr ? std::nullopt : figures_from(*noted);
    if (!own) return std::nullopt;
    out = out ? together(*out, *own) : *own;
  }
  return out;
}

/// For the next time that somebody is asked about this image. It may be lost.
void remember_figures(const Site& site, const ModelWork& work) {
  const Json* noted = work.predictions.find("figures");
  const auto figures = noted == nullptr ? std::nullopt : figures_from(*noted);
  if (!figures || !work.ran) return;
  (void)keep_figures(site.workspace(), figures_key(*work.evaluation), *figures).ok();
}

/// All shards are done: their predictions, checked against what was noted, become the model's.
Result<Json> merge_shards(const Evaluation& evaluation, const SharedData& shared,
                          std::span<const StageStep> steps) {
  std::vector<fs::path> parts;
  std::string run_at;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].output.ok()) return steps[i].output.error();
    const fs::path part = evaluation.folder / "shards" / shard_name(i);
    MEDPERF_TRY(DatasetDigest found, predictions_digest(part));
    if (found.hex() != steps[i].output->get_string("predictions")) {
      return make_error(ErrorKind::kCorrupt, part.string(),
                        "the predictions were changed after the model wrote them",
                        "run the command with --again to make them anew");
    }
    parts.push_back(part);
    run_at = std::max(run_at, steps[i].output->get_string("run_at"));
  }
  const fs::path beside = evaluation.folder / "predictions.part";
  MEDPERF_CHECK(remove_tree(beside));
  MEDPERF_CHECK(make_private_folder(beside));
  MEDPERF_CHECK(merge_predictions(shared.layout, parts, beside));
  MEDPERF_TRY(const Timestamp at, parse_iso8601(run_at));
  MEDPERF_TRY(Json noted, take_predictions(beside, evaluation.folder / "predictions", at));
  if (const auto all = figures_of(steps)) noted.set("figures", to_json(*all));
  return noted;
}

void keep(ModelWork& work, const Result<Json>& output) {
  if (output.ok()) {
    work.predictions = *output;
  } else {
    work.error = output.error();
  }
}

/// One model's part of the stage.
struct Part {
  ModelWork* work;
  Json inputs;
  SharedDataPointer shared;  ///< none: one run for all cases
  std::size_t first = 0;     ///< of its steps
  std::size_t count() const { return shared ? shared->ranges.size() : 1; }
};

/// How models' cases are shared out.
class Sharing {
 public:
  explicit Sharing(Site& site) : site_(site) {}
  /// None, when it is one run for all cases.
  Result<SharedDataPointer> of(const Evaluation& evaluation) {
    const auto layout =
        evaluation.shards > 1 ? layout_of(evaluation.benchmark) : std::optional<wire::CaseLayout>();
    if (!layout) return SharedDataPointer();
    const std::string rule = sharing_rule(evaluation, *layout);
    if (auto found = made_.find(rule); found != made_.end()) return found->second;
    MEDPERF_TRY(made_[rule], share_data(site_, evaluation, *layout, rule));
    return made_[rule];
  }
  /// One step a run of this part, whose cases can be counted where the benchmark says how.
  void add_steps(const Part& part, std::vector<StageStep>& steps) {
    const Evaluation& evaluation = *part.work->evaluation;
    const auto layout = layout_of(evaluation.benchmark);
    for (std::size_t i = 0; i < part.count(); ++i) {
      if (part.shared) {
        const CaseRange range = part.shared->ranges[i];
        steps.push_back(shard_step(site_, *part.work, part.inputs, *part.shared, i));
        count_cases_of(steps.back(), *layout, range.end - range.begin,
                       evaluation.subject + " " + shard_name(i), evaluation.data.name);
        continue;
      }
      steps.push_back(whole_step(site_, *part.work, part.inputs));
      if (layout)
        count_cases_of(steps.back(), *layout, cases_of(*layout, evaluation), evaluation.subject,
                       evaluation.data.name);
    }
  }
  /// Copies of the data stay no longer than they are needed.
  void remove() {
    for (const auto& [rule, shared] : made_) {
      if (shared) (void)remove_tree(shared->folder).ok();
    }
  }

 private:
  /// Counted once for the models of a command; 0: data that does not lie as the benchmark says.
  std::size_t cases_of(const wire::CaseLayout& layout, const Evaluation& evaluation) {
    const std::string key = evaluation.data.digest.hex();
    if (auto found = cases_.find(key); found != cases_.end()) return found->second;
    return cases_[key] = count_cases(layout, evaluation.data.data).value_or(0);
  }

  Site& site_;
  std::map<std::string, SharedDataPointer> made_;
  std::map<std::string, std::size_t> cases_;
};

void end_part(const Part& part, std::span<StageStep> steps) {
  ModelWork& work = *part.work;
  const auto own = steps.subspan(part.first, part.count());
  for (const StageStep& step : own) {
    work.ran = work.ran || step.ran;
    work.time += step.time;
  }
  if (!part.shared) {
    keep(work, own.front().output);
    return;
  }
  keep(work, note_step(*work.journal, "infer", part.inputs,
                       merge_shards(*work.evaluation, *part.shared, own)));
  // What was merged is not needed again.
  if (!work.error) (void)remove_tree(work.evaluation->folder / "shards").ok();
}

}  // namespace

bool can_share_cases(const Benchmark& benchmark) {
  return layout_of(benchmark).has_value();
}

Status infer_all(Site& site, std::span<ModelWork> models) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  Sharing sharing(site);
  std::vector<Part> parts;
  std::vector<StageStep> steps;
  for (ModelWork& work : models) {
    // What infers and evaluates in one run does so in the stage of evaluation.
    if (work.error || work.evaluation->in_one_run()) continue;
    MEDPERF_CHECK(make_private_folder(work.evaluation->folder));
    Json inputs = inference_inputs(*work.evaluation, *policy);
    if (auto noted = noted_step(*work.journal, "infer", inputs)) {
      keep(work, *noted);
      continue;
    }
    auto shared = sharing.of(*work.evaluation);
    if (!shared.ok()) {
      work.error = std::move(shared).error();
      continue;
    }
    parts.push_back({&work, std::move(inputs), *shared, steps.size()});
    sharing.add_steps(parts.back(), steps);
  }
  MEDPERF_CHECK(run_stage(site, steps));
  for (const Part& part : parts) {
    end_part(part, steps);
    remember_figures(site, *part.work);
  }
  sharing.remove();
  return {};
}

}  // namespace medperf::site
