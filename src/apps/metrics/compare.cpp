// Several models on the same cases: compared two by two, or ranked.

#include <filesystem>
#include <optional>

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/case_values.h"
#include "cohort/comparison.h"
#include "cohort/ranking.h"

namespace medperf::metrics_app {
namespace {

/// What the files are: the predictions of each model and the labels, or a table of values.
struct Models {
  bool scores = false;
  std::vector<cohort::ModelTable> predictions;  ///< the files
  std::string labels;
  std::optional<std::string> patients;
  std::string values;
  std::string metric;  ///< empty: not said
  cohort::MissingRule missing;
};

Error wrong_files(std::string_view what) {
  return make_error(ErrorKind::kInvalid, "FILE...", std::string(what),
                    "Give --labels and the predictions of each model; or, without --labels, one "
                    "table of values, or segmentation's tables of each model and --metric.");
}

/// Each file under its name without the ending.
Result<std::vector<cohort::ModelTable>> tables_of(const std::vector<std::string>& files) {
  std::vector<cohort::ModelTable> tables;
  for (const std::string& file : files) {
    MEDPERF_TRY(std::string text, read_file(file));
    tables.push_back({fs::path(file).stem().string(), std::move(text)});
  }
  return tables;
}

bool is_figure_said(const Request& request) {
  return !request.regions.empty() || !request.tau_mm.empty() || !request.part.empty();
}

/// One table of values: the one that was given, or made of segmentation's of each model.
Result<std::string> values_of(const Request& request, const Models& models) {
  if (models.predictions.size() == 1) {
    if (is_figure_said(request)) return wrong_files("there is only one table");
    return models.predictions.front().text;
  }
  if (models.metric.empty()) return wrong_files("there are several tables and no --metric");
  cohort::CaseFigure figure{models.metric, {}, {}, request.part};
  if (!request.regions.empty()) figure.region = request.regions.front();
  if (!request.tau_mm.empty()) figure.tau_mm = request.tau_mm.front();
  return cohort::values_of_case_tables(models.predictions, figure);
}

Result<Models> models_of(const Request& request) {
  Models models;
  models.scores = !request.labels_file.empty();
  if (!request.metrics.empty()) models.metric = request.metrics.front();
  MEDPERF_TRY(models.predictions, tables_of(request.inputs));
  if (!models.scores) {
    if (!request.patients.empty()) return wrong_files("tables of values have their own patients");
    MEDPERF_TRY(models.missing, cohort::parse_missing_rule(request.missing));
    MEDPERF_TRY(models.values, values_of(request, models));
    return models;
  }
  if (is_figure_said(request)) return wrong_files("--region, --tau and --part are of label maps");
  MEDPERF_TRY(models.labels, read_file(request.labels_file));
  if (!request.patients.empty()) {
    MEDPERF_TRY(models.patients, read_file(request.patients));
  }
  return models;
}

/// Errors in a table of values name its file.
Result<int> answer_models(const Request& request, Result<cohort::FigureSet> set) {
  if (!set) {
    if (!request.labels_file.empty() || request.inputs.size() > 1) return std::move(set).error();
    return std::move(set).error().at(request.inputs[0]);
  }
  Json said = statistics_of(request);
  if (request.task == Task::kRank) {
    said.set("interval", request.interval.empty() ? "pairwise" : request.interval);
  }
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
  MEDPERF_TRY(const Models models, models_of(request));
  if (models.scores && !models.metric.empty()) {
    return wrong_files("--metric says what a table of values holds");
  }
  return answer_models(
      request,
      models.scores
          ? cohort::compare_scores(models.predictions, models.labels, models.patients, options)
          : cohort::compare_values(models.values, models.metric, models.missing, options));
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
      request, models.scores
                   ? cohort::rank_scores(models.predictions, models.labels, models.patients,
                                         models.metric, options)
                   : cohort::rank_values(models.values, models.metric, models.missing, options));
}

}  // namespace medperf::metrics_app
