// Patients drawn again, models ranked, groups compared, labels flipped: of any figure by its name.

#include "metrics/classification/auc.h"
#include "metrics/classification/comparison.h"
#include "metrics/clustered.h"
#include "metrics/statistics/label_noise.h"
#include "metrics/statistics/ranks.h"
#include "metrics/statistics/subgroups.h"
#include "named_figures.h"
#include "tasks.h"

namespace medperf::python {
namespace {

/// patients and strata: each case for itself where they are not given.
Result<metrics::ResampleUnits> units_of(Arguments& arguments, std::size_t cases) {
  MEDPERF_TRY(const auto patients, arguments.patients(cases));
  if (!arguments.has("strata")) {
    if (!patients) return metrics::ResampleUnits::each_case(cases);
    return metrics::ResampleUnits::of(*patients);
  }
  MEDPERF_TRY(const auto strata, arguments.whole("strata"));
  MEDPERF_CHECK(same_length("predicted", cases, "strata", strata.size()));
  std::vector<std::int64_t> each;
  for (std::size_t i = 0; i < cases; ++i) each.push_back(static_cast<std::int64_t>(i));
  auto units = metrics::ResampleUnits::of(
      patients ? *patients : std::span<const std::int64_t>(each), strata);
  if (!units) return std::move(units).error().at("strata");
  return units;
}

Result<metrics::Direction> direction_of(Arguments& arguments, metrics::Direction otherwise) {
  MEDPERF_TRY(const auto better, arguments.choice("better", {"", "higher", "lower"}));
  if (better == "higher") return metrics::Direction::kHigher;
  if (better == "lower") return metrics::Direction::kLower;
  if (otherwise == metrics::Direction::kNone) {
    return wrong("better", "of this figure neither way is better in itself",
                 "Say \"higher\" or \"lower\".");
  }
  return otherwise;
}

/// What named_figures takes; patients, strata, the options of the bootstrap.
Result<Json> bootstrap(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto figures, named_figures(arguments));
  MEDPERF_TRY(const auto options, arguments.bootstrap());
  MEDPERF_TRY(const auto units, units_of(arguments, figures.front().cases));
  MEDPERF_TRY(const auto drawn, metrics::bootstrap(units, figures.front().statistic(), options));
  return bootstrapped(drawn, columns);
}

/// The same of two models: of the first less the second.
Result<Json> paired_bootstrap(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto figures, named_figures(arguments));
  MEDPERF_TRY(const auto options, arguments.bootstrap());
  if (figures.size() != 2) return wrong("models", "a pair has two");
  MEDPERF_TRY(const auto units, units_of(arguments, figures[0].cases));
  MEDPERF_TRY(const auto drawn, metrics::paired_bootstrap(units, figures[0].statistic(),
                                                          figures[1].statistic(), options));
  return Json::object({{"difference", bootstrapped(drawn.difference, columns)},
                       {"p_value", metrics::or_null(drawn.p_value)}});
}

/// What named_figures takes; patients, strata, better, interval of the rank, the options of the
/// bootstrap.
Result<Json> ranks(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto figures, named_figures(arguments));
  metrics::RankOptions options;
  MEDPERF_TRY(options.bootstrap, arguments.bootstrap());
  MEDPERF_TRY(options.direction, direction_of(arguments, figures.front().direction));
  MEDPERF_TRY(const auto kind,
              arguments.choice("rank_interval", {"pairwise", "percentile", "simultaneous"}));
  if (kind == "percentile") options.interval = metrics::RankInterval::kPercentile;
  if (kind == "simultaneous") options.interval = metrics::RankInterval::kSimultaneous;
  MEDPERF_TRY(const auto units, units_of(arguments, figures.front().cases));
  const auto statistic = [&](std::size_t model, std::span<const std::uint32_t> positions) {
    return figures[model].of(positions).value;
  };
  MEDPERF_TRY(const auto table, metrics::rank_models(figures.size(), units, statistic, options));
  Json::Array rows;
  for (const metrics::ModelRank& one : table.models) {
    rows.push_back(Json::object({{"value", one.value},
                                 {"rank", one.rank},
                                 {"low", one.low},
                                 {"high", one.high},
                                 {"best", one.best}}));
  }
  return Json::object(
      {{"convention", table.convention}, {"flag", table.flag}, {"models", Json(std::move(rows))}});
}

/// What named_figures takes; groups (numbers from 0), group_count, patients; better, minimum.
Result<Json> subgroups(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto figures, named_figures(arguments));
  const NamedFigure& one = figures.front();
  metrics::SubgroupOptions options;
  MEDPERF_TRY(options.direction, direction_of(arguments, one.direction));
  MEDPERF_TRY(options.minimum_patients, arguments.count("minimum_patients", 10, 1, kMostCases));
  MEDPERF_TRY(const auto count, arguments.count("group_count", 1, 1, kMostCases));
  MEDPERF_TRY(const auto numbers, arguments.whole("groups"));
  MEDPERF_CHECK(same_length("predicted", one.cases, "groups", numbers.size()));
  std::vector<std::uint32_t> groups;
  for (const std::int64_t group : numbers) {
    if (group < 0 || group >= count) return wrong("groups", "one is out of range");
    groups.push_back(static_cast<std::uint32_t>(group));
  }
  MEDPERF_TRY(const auto given, arguments.patients(one.cases));
  std::vector<std::int64_t> each;
  for (std::size_t i = 0; i < one.cases; ++i) each.push_back(static_cast<std::int64_t>(i));
  const auto patients = given ? *given : std::span<const std::int64_t>(each);
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(one.cases));
  const auto statistic = [&](std::span<const std::uint32_t> positions) {
    metrics::Estimate found = one.of(positions);
    if (repeat) metrics::leave_out_interval(found);
    return found;
  };
  MEDPERF_TRY(const auto table, metrics::subgroup_table(groups, static_cast<std::size_t>(count),
                                                        patients, statistic, options));
  Json::Array rows;
  for (const metrics::SubgroupRow& row : table.groups) {
    rows.push_back(Json::object(
        {{"cases", row.cases}, {"patients", row.patients}, {"estimate", figure(row.estimate)}}));
  }
  return Json::object({{"groups", Json(std::move(rows))},
                       {"overall", figure(table.overall)},
                       {"worst", table.worst ? Json(*table.worst) : Json()},
                       {"gap", metrics::or_null(table.gap)}});
}

Result<double> share_of(Arguments& arguments) {
  MEDPERF_TRY(const double share, arguments.number("share", 0));
  if (!(share >= 0 && share <= 0.5)) return wrong("share", "it is not within 0 and 0.5");
  return share;
}

Json noise(const metrics::LabelNoise& found) {
  return Json::object({{"as_given", metrics::or_null(found.as_given)},
                       {"expected", metrics::or_null(found.expected)},
                       {"extremes", interval(found.extremes)},
                       {"flips", found.flips}});
}

/// scores, labels; threshold, share.
Result<Json> label_noise(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const double threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const double share, share_of(arguments));
  MEDPERF_TRY(const auto table, metrics::confusion_at(cases, threshold));
  MEDPERF_TRY(const auto area, metrics::auc(cases));
  MEDPERF_TRY(const auto sensitivity, metrics::sensitivity_under_noise(table, share));
  MEDPERF_TRY(const auto specificity, metrics::specificity_under_noise(table, share));
  MEDPERF_TRY(const auto auroc, metrics::auroc_under_noise(area, share));
  return Json::object({{"sensitivity", noise(sensitivity)},
                       {"specificity", noise(specificity)},
                       {"auroc", noise(auroc)}});
}

/// figure, scores, labels; share, threshold, bins, the options of the bootstrap.
Result<Json> simulate_label_noise(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto name, arguments.text("figure"));
  MEDPERF_TRY(const auto cases, arguments.scored_cases());
  MEDPERF_TRY(const auto settings, figure_options(arguments));
  MEDPERF_TRY(const double share, share_of(arguments));
  MEDPERF_TRY(const auto options, arguments.bootstrap());
  MEDPERF_TRY(const auto* const figure, scored_figure(name));
  if (auto tried = figure->of(cases, settings); !tried)
    return std::move(tried).error().at("scores");
  const auto statistic =
      [&](std::span<const metrics::ScoredCase> flipped) -> std::optional<double> {
    const auto found = figure->of(flipped, settings);
    return found ? found->value : std::nullopt;
  };
  MEDPERF_TRY(const auto drawn, metrics::simulate_label_noise(cases, share, statistic, options));
  return bootstrapped(drawn, columns);
}

constexpr NamedTask kTasks[] = {{"bootstrap", bootstrap},
                                {"paired_bootstrap", paired_bootstrap},
                                {"ranks", ranks},
                                {"subgroups", subgroups},
                                {"label_noise", label_noise},
                                {"simulate_label_noise", simulate_label_noise}};

}  // namespace

std::span<const NamedTask> resampling_tasks() {
  return kTasks;
}

}  // namespace medperf::python
