// Numbers against numbers, and intervals of single figures.

#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"
#include "metrics/statistics/logit_interval.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/proportion.h"
#include "metrics/statistics/quantile_interval.h"
#include "tasks.h"

namespace medperf::python {
namespace {

/// predicted, reference, patients; coverage, level.
Result<Json> regression(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto pairs, arguments.measured_pairs());
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(pairs.size()));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto mae, metrics::mean_absolute_error(pairs, level));
  MEDPERF_TRY(const auto rmse, metrics::root_mean_squared_error(pairs));
  MEDPERF_TRY(const auto bias, metrics::mean_error(pairs, level));
  MEDPERF_TRY(const auto r2, metrics::r_squared(pairs));
  MEDPERF_TRY(const auto ccc, metrics::concordance(pairs, level));
  MEDPERF_TRY(const auto pearson, metrics::pearson(pairs, level));
  MEDPERF_TRY(const auto spearman, metrics::spearman(pairs, level));
  return Json::object({{"mae", figure(mae, repeat)},
                       {"rmse", figure(rmse, repeat)},
                       {"bias", figure(bias, repeat)},
                       {"r2", figure(r2, repeat)},
                       {"ccc", figure(ccc, repeat)},
                       {"pearson", figure(pearson, repeat)},
                       {"spearman", figure(spearman, repeat)}});
}

/// predicted, reference, patients; coverage, level.
Result<Json> limits_of_agreement(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto pairs, arguments.measured_pairs());
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(pairs.size()));
  MEDPERF_TRY(const double coverage, arguments.number("coverage", 0.95));
  MEDPERF_TRY(const double level, arguments.level());
  if (!(coverage > 0 && coverage < 1)) return wrong("coverage", "it is not between 0 and 1");
  MEDPERF_TRY(const auto found, metrics::limits_of_agreement(pairs, coverage, level));
  return Json::object({{"bias", figure(found.bias, repeat)},
                       {"deviation", found.deviation},
                       {"lower", figure(found.lower, repeat)},
                       {"upper", figure(found.upper, repeat)}});
}

/// ratings row by row; raters, level.
Result<Json> icc(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto ratings, arguments.numbers("ratings"));
  MEDPERF_TRY(const auto raters, arguments.count("raters", 2, 2, 1'000'000));
  MEDPERF_TRY(const double level, arguments.level());
  if (ratings.size() % static_cast<std::size_t>(raters) != 0) {
    return wrong("ratings", "they do not have whole rows");
  }
  MEDPERF_TRY(const auto found,
              metrics::intraclass_correlations(ratings, static_cast<int>(raters), level));
  return Json::object({{"one_way", figure(found.one_way)},
                       {"agreement", figure(found.agreement)},
                       {"consistency", figure(found.consistency)}});
}

/// events, total, level, method (wilson, clopper-pearson).
Result<Json> proportion(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto total, arguments.count("total", 0, 0, kMostCases));
  MEDPERF_TRY(const auto events, arguments.count("events", 0, 0, kMostCases));
  MEDPERF_TRY(const auto method, arguments.choice("method", {"wilson", "clopper-pearson"}));
  MEDPERF_TRY(const double level, arguments.level());
  if (events > total) return wrong("events", "there are more than the total");
  return figure(method == "wilson" ? metrics::wilson(events, total, level)
                                   : metrics::clopper_pearson(events, total, level));
}

/// values; level.
Result<Json> mean(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto values, arguments.numbers("values"));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto found, metrics::mean_estimate(values, level));
  return figure(found);
}

/// values; p, level.
Result<Json> quantile(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto values, arguments.numbers("values"));
  MEDPERF_TRY(const double p, arguments.number("p", 0.5));
  MEDPERF_TRY(const double level, arguments.level());
  if (!(p > 0 && p < 1)) return wrong("p", "it is not between 0 and 1");
  MEDPERF_TRY(const auto found, metrics::quantile_estimate(values, p, level));
  return figure(found);
}

/// value, se, level: [low, high] or null.
Result<Json> logit(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const double value, arguments.number("value", 0));
  MEDPERF_TRY(const double se, arguments.number("se", 0));
  MEDPERF_TRY(const double level, arguments.level());
  if (!(value >= 0 && value <= 1)) return wrong("value", "it is not within 0 and 1");
  if (!(se >= 0)) return wrong("se", "it is below 0");
  return interval(metrics::logit_interval(value, se, level));
}

constexpr NamedTask kTasks[] = {{"regression", regression},
                                {"limits_of_agreement", limits_of_agreement},
                                {"icc", icc},
                                {"proportion", proportion},
                                {"mean", mean},
                                {"quantile", quantile},
                                {"logit", logit}};

}  // namespace

std::span<const NamedTask> measurement_tasks() {
  return kTasks;
}

}  // namespace medperf::python
