// Several models on the same cases: compared two by two, or ranked.

#include <filesystem>
#include <optional>

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/comparison.h"
#include "cohort/ranking.h"

namespace medperf::metrics_app {
namespace {

/// What the files are: the predictions of each model and the labels, or a table of values.
struct Models {
  bool scores = false;
  std::vector<cohort::ModelTable> predictions;  ///< named as their files without the ending
  std::string labels;
  std::optional<std::string> patients;
  std::string values;
  std::string metric;  ///< empty: not said
  cohort::MissingRule missing;
};

Error wrong_files(std::string_view what) {
  return make_error(ErrorKind::kInvalid, "FILE...", std::string(what),
                    "Give --labels and the predictions of each model, or one table of values "
                    "without --labels.");
}

Result<Models> models_of(const Request& request) {
  Models models;
  models.scores = !request.labels_file.empty();
  if (!request.metrics.empty()) models.metric = request.metrics.front();
  if (!models.scores) {
    if (request.inputs.size() != 1) return wrong_files("there are several tables of values");
    if (!request.patients.empty()) return wrong_files("a table of values has its own patients");
    MEDPERF_TRY(models.missing, cohort::parse_missing_rule(request.missing));
    MEDPERF_TRY(models.values, read_file(request.inputs[0]));
    return models;
  }
  for (const std::string& file : request.inputs) {
    MEDPERF_TRY(std::string text, read_file(file));
    models.predictions.push_back({fs::path(file).stem().string(), std::move(text)});
  }
  MEDPERF_TRY(models.labels, read_file(request.labels_file));
  if (!request.patients.empty()) {
    MEDPERF_TRY(models.patients, read_file(request.patients));
  }
  return models;
}

/// Errors in a table of values name its file.
Result<int> answer_models(const Request& request, Result<cohort::FigureSet> set,
                          const char* interval) {
  if (!set) {
    if (!request.labels_file.empty()) return std::move(set).error();
    return std::move(set).error().at(request.inputs[0]);
  }
  Json said = statistics_of(request);
  said.set("interval", request.interval.empty() ? interval : request.interval);
  if (request.labels_file.empty()) {
    said.set("missing", request.missing);
  } else {
    said.set("threshold", request.threshold);
  }
  return answer_figures(request, *set, said);
}

}  // namespace

Result<int> answer_compare(const Request& request) {
  cohort::ComparisonOptions options{request.threshold, bootstrap_of(request)};
  if (request.interval == "bca") options.bootstrap.interval = metrics::BootstrapInterval::kBca;
  MEDPERF_TRY(const Models models, models_of(request));
  if (models.scores && !models.metric.empty()) {
    return wrong_files("--metric says what a table of values holds");
  }
  return answer_models(
      request,
      models.scores
          ? cohort::compare_scores(models.predictions, models.labels, models.patients, options)
          : cohort::compare_values(models.values, models.metric, models.missing, options),
      "percentile");
}

Result<int> answer_rank(const Request& request) {
  cohort::RankingOptions options;
  options.bootstrap = bootstrap_of(request);
  options.threshold = request.threshold;
  options.better = better_of(request);
  if (request.interval == "percentile") options.interval = metrics::RankInterval::kPercentile;
  if (request.interval == "simultaneous") options.interval = metrics::RankInterval::kSimultaneous;
  MEDPERF_TRY(const Models models, models_of(request));
  return answer_models(
      request,
      models.scores ? cohort::rank_scores(models.predictions, models.labels, models.patients,
                                          models.metric, options)
                    : cohort::rank_values(models.values, models.metric, models.missing, options),
      "pairwise");
}

}  // namespace medperf::metrics_app
