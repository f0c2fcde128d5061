#include "cohort/regression.h"

#include <cmath>
#include <utility>

#include "cohort/group_figures.h"
#include "metrics/figures.h"
#include "metrics/regression/agreement.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::MeasuredPair;
using Pairs = std::span<const MeasuredPair>;

Result<Estimate> limit_of(Pairs cases, double level, Estimate metrics::LimitsOfAgreement::*which) {
  MEDPERF_TRY(const auto found, metrics::limits_of_agreement(cases, 0.95, level));
  return found.*which;
}

/// A figure as a function of the rows.
Measure of_pairs(const NumberCohort& cohort, Shown shown, std::string of,
                 std::function<Result<Estimate>(Pairs)> figure) {
  return {std::string(shown.id), std::move(of), shown.interval,
          [&cohort, figure = std::move(figure)](Rows rows) {
            std::vector<MeasuredPair> cases;
            cases.reserve(rows.size());
            for (const std::uint32_t row : rows) cases.push_back(cohort.cases[row]);
            return figure(cases);
          }};
}

constexpr IntervalFrom kFormula = IntervalFrom::kFormula, kResamples = IntervalFrom::kResamples;
constexpr Shown kErrors[] = {{"mae", kFormula}, {"rmse", kResamples}, {"bias", kFormula}};
constexpr Shown kAgreement[] = {
    {"ccc", kFormula},     {"icc-1-1", kFormula},  {"icc-a-1", kFormula}, {"icc-c-1", kFormula},
    {"pearson", kFormula}, {"spearman", kFormula}, {"r2", kResamples}};

std::vector<Measure> measures(const NumberCohort& cohort, double level) {
  metrics::FigureOptions options;
  options.intervals.level = level;
  std::vector<Measure> list;
  const auto add = [&](std::span<const Shown> shown) {
    for (const Shown& one : shown) {
      const auto* const found = metrics::find_figure(metrics::measured_figures(), one.id);
      list.push_back(of_pairs(cohort, one, "",
                              [found, options](Pairs cases) { return found->of(cases, options); }));
    }
  };
  add(kErrors);
  for (const auto& [of, limit] : {std::pair("lower", &metrics::LimitsOfAgreement::lower),
                                  std::pair("upper", &metrics::LimitsOfAgreement::upper)}) {
    list.push_back(
        of_pairs(cohort, {"limits-of-agreement", kFormula}, of,
                 [level, which = limit](Pairs cases) { return limit_of(cases, level, which); }));
  }
  add(kAgreement);
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
