#include "cohort/ranking.h"

#include <string>
#include <vector>

#include "cohort/model_statistics.h"

namespace medperf::cohort {
namespace {

using metrics::Direction;

/// Ranks of the models by their statistics; `by` is the id of the figure that orders them.
Status add_ranks(const std::vector<std::string>& models, const char* by,
                 const std::vector<metrics::Statistic>& statistics,
                 const metrics::ResampleUnits& units, const RankingOptions& options,
                 FigureSet& set) {
  metrics::RankOptions chosen;
  chosen.direction = options.better.value_or(Direction::kHigher);
  chosen.interval = options.interval;
  chosen.bootstrap = options.bootstrap;
  const metrics::ModelStatistic statistic = [&](std::size_t model,
                                                std::span<const std::uint32_t> cases) {
    return statistics[model](cases);
  };
  MEDPERF_TRY(const auto table, metrics::rank_models(models.size(), units, statistic, chosen));
  Json::Array ranks;
  for (std::size_t m = 0; m < models.size(); ++m) {
    metrics::Estimate place;
    metrics::Estimate value;
    place.convention = table.convention;
    place.flag = value.flag = table.flag;
    if (!table.models.empty()) {
      const metrics::ModelRank& one = table.models[m];
      place.value = one.rank;
      place.interval =
          metrics::Interval{static_cast<double>(one.low), static_cast<double>(one.high)};
      value.value = one.value;
      ranks.push_back(Json::object({{"model", models[m]},
                                    {"value", one.value},
                                    {"rank", one.rank},
                                    {"low", one.low},
                                    {"high", one.high},
                                    {"first", one.best}}));
    }
    if (const auto* const entry = metrics::find_metric(by)) value.convention = entry->convention;
    set.figures.push_back({"rank", models[m], place});
    set.figures.push_back({by, models[m], value});
  }
  set.more.set("by", by);
  set.more.set("better", metrics::to_string(chosen.direction));
  set.more.set("ranks", Json(std::move(ranks)));
  return {};
}

/// Which side is better: what was said, else what the vocabulary says of the metric.
Result<Direction> direction_of(std::string_view metric, const RankingOptions& options) {
  MEDPERF_CHECK(check_metric_id(metric));
  if (options.better) return *options.better;
  const auto* const entry = metrics::find_metric(metric);
  if (entry != nullptr && entry->direction != Direction::kNone) return entry->direction;
  return make_error(ErrorKind::kInvalid, "--better", "it is not said whether more is better",
                    "Give the id of the values (--metric dice), or --better higher or lower.");
}

}  // namespace

Result<FigureSet> rank_values(std::string_view table, std::string_view metric,
                              const MissingRule& missing, const RankingOptions& options) {
  RankingOptions chosen = options;
  MEDPERF_TRY(chosen.better, direction_of(metric, options));
  MEDPERF_TRY(const ModelValues values, read_model_values(table, missing));
  const std::size_t cases = values.values.front().size();
  MEDPERF_TRY(const auto units, drawn_units(values.units));
  FigureSet set{"ranking", cases, values.units.patients, {}, Json::object()};
  std::vector<metrics::Statistic> statistics;
  for (const auto& of_model : values.values) statistics.push_back(mean_of(of_model));
  MEDPERF_CHECK(add_ranks(values.models, "mean", statistics, units, chosen, set));
  set.more.set("values", values_document(values, metric));
  return set;
}

Result<FigureSet> rank_scores(std::span<const ModelTable> models, std::string_view labels,
                              const UnitTable& patients, std::string_view metric,
                              const RankingOptions& options) {
  MEDPERF_TRY(const ModelScores found,
              read_model_scores(models, labels, patients, options.threshold));
  const bool areas = metric == "auroc" || (metric.empty() && !found.cases.empty());
  if ((areas && found.cases.empty()) ||
      (!metric.empty() && metric != "auroc" && metric != "accuracy")) {
    return make_error(ErrorKind::kInvalid, "--metric", "models cannot be ranked by it here",
                      "Take accuracy or, of two classes, auroc; for others give a table of values "
                      "per case.");
  }
  MEDPERF_TRY(const auto units, drawn_units(found.units));
  FigureSet set{"ranking", found.n_cases, found.units.patients, {}, Json::object()};
  std::vector<metrics::Statistic> statistics;
  for (std::size_t m = 0; m < found.models.size(); ++m) {
    statistics.push_back(areas ? area_of(found.cases[m]) : mean_of(found.right[m]));
  }
  MEDPERF_CHECK(
      add_ranks(found.models, areas ? "auroc" : "accuracy", statistics, units, options, set));
  return set;
}

}  // namespace medperf::cohort
