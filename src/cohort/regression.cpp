#include "cohort/regression.h"

#include <cmath>
#include <utility>

#include "cohort/group_figures.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::MeasuredPair;
using Pairs = std::span<const MeasuredPair>;

Result<Estimate> icc_of(Pairs cases, double level,
                        Estimate metrics::IntraclassCorrelations::*which) {
  std::vector<double> ratings;
  for (const MeasuredPair& one : cases) {
    ratings.push_back(one.predicted);
    ratings.push_back(one.reference);
  }
  MEDPERF_TRY(const auto found, metrics::intraclass_correlations(ratings, 2, level));
  return found.*which;
}

Result<Estimate> limit_of(Pairs cases, double level, Estimate metrics::LimitsOfAgreement::*which) {
  MEDPERF_TRY(const auto found, metrics::limits_of_agreement(cases, 0.95, level));
  return found.*which;
}

std::vector<Measure> measures(const NumberCohort& cohort, double level) {
  std::vector<Measure> list;
  const auto add = [&](const char* metric, const char* of,
                       std::function<Result<Estimate>(Pairs)> figure,
                       IntervalFrom interval = IntervalFrom::kFormula) {
    list.push_back({metric, of, interval,
                    [&cohort, figure = std::move(figure)](Rows rows) -> Result<Estimate> {
                      std::vector<MeasuredPair> cases;
                      cases.reserve(rows.size());
                      for (const std::uint32_t row : rows) cases.push_back(cohort.cases[row]);
                      return figure(cases);
                    }});
  };
  add("mae", "", [level](Pairs cases) { return metrics::mean_absolute_error(cases, level); });
  add(
      "rmse", "", [](Pairs cases) { return metrics::root_mean_squared_error(cases); },
      IntervalFrom::kResamples);
  add("bias", "", [level](Pairs cases) { return metrics::mean_error(cases, level); });
  add("limits-of-agreement", "lower",
      [level](Pairs cases) { return limit_of(cases, level, &metrics::LimitsOfAgreement::lower); });
  add("limits-of-agreement", "upper",
      [level](Pairs cases) { return limit_of(cases, level, &metrics::LimitsOfAgreement::upper); });
  add("ccc", "", [level](Pairs cases) { return metrics::concordance(cases, level); });
  for (const auto& [metric, which] :
       {std::pair("icc-1-1", &metrics::IntraclassCorrelations::one_way),
        std::pair("icc-a-1", &metrics::IntraclassCorrelations::agreement),
        std::pair("icc-c-1", &metrics::IntraclassCorrelations::consistency)}) {
    add(metric, "", [level, form = which](Pairs cases) { return icc_of(cases, level, form); });
  }
  add("pearson", "", [level](Pairs cases) { return metrics::pearson(cases, level); });
  add("spearman", "", [level](Pairs cases) { return metrics::spearman(cases, level); });
  add(
      "r2", "", [](Pairs cases) { return metrics::r_squared(cases); }, IntervalFrom::kResamples);
  return list;
}

}  // namespace

Result<FigureSet> evaluate_regression(const NumberCohort& cohort,
                                      const metrics::BootstrapOptions& options,
                                      std::int64_t minimum_patients) {
  FigureSet set{"regression", cohort.cases.size(), cohort.units.patients, {}, Json::object()};
  const auto figures = measures(cohort, options.level);
  MEDPERF_CHECK(add_figures(figures, cohort.units, options, set));
  MEDPERF_CHECK(add_group_figures(figures, cohort.units, options, minimum_patients, set));
  set.more.set("intervals", cohort.units.patients_repeat() ? "bootstrap of patients"
                                                           : "of each metric's convention");
  Json::Array points;
  for (const MeasuredPair& one : cohort.cases) {
    const double difference = one.predicted - one.reference;
    if (!std::isfinite(difference)) continue;  // no plot has room for it
    points.push_back(Json::array({one.predicted / 2 + one.reference / 2, difference}));
  }
  set.curves.set("agreement", Json(std::move(points)));
  const auto error = [&cohort](std::size_t i) {
    return cohort.cases[i].predicted - cohort.cases[i].reference;
  };
  set.rows = case_rows(
      cohort.cases.size(), {"Case", "Prediction", "Reference", "Difference"},
      "the larger the difference to either side, the worse",
      [error](std::size_t i) { return std::abs(error(i)); },
      [&cohort, error](std::size_t i) -> std::vector<std::string> {
        const MeasuredPair& one = cohort.cases[i];
        return {cohort.ids[i], cell(one.predicted), cell(one.reference), cell(error(i))};
      });
  return set;
}

}  // namespace medperf::cohort
