#include "cohort/measures.h"

#include <array>
#include <numeric>

namespace medperf::cohort {
namespace {

/// The bootstrap's estimate of a measure of these cases, whole patients drawn.
Result<metrics::Estimate> drawn(const Measure& measure, Rows rows, const Units& units,
                                const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const auto resampled, metrics::ResampleUnits::of(patients_of(units, rows)));
  const auto statistic = [&](Rows positions) -> std::optional<double> {
    std::vector<std::uint32_t> cases(positions.size());
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = rows[positions[i]];
    const auto found = measure.value(cases);
    return found.ok() ? metrics::finite(*found).value : std::nullopt;
  };
  MEDPERF_TRY(const metrics::Bootstrap bootstrap,
              metrics::bootstrap(resampled, statistic, options));
  return bootstrap.estimate;
}

}  // namespace

std::string_view drawn_by(bool stratified, bool patients, metrics::BootstrapInterval kind) {
  static constexpr std::array<std::string_view, 8> kNames = {
      metrics::kBootstrapPercentileConvention,
      "bootstrap-percentile of patients",
      "stratified bootstrap-percentile",
      "stratified bootstrap-percentile of patients",
      metrics::kBootstrapBcaConvention,
      "bootstrap-bca of patients",
      "stratified bootstrap-bca",
      "stratified bootstrap-bca of patients"};
  const std::size_t bca = kind == metrics::BootstrapInterval::kBca ? 4 : 0;
  return kNames[bca + (stratified ? 2 : 0) + (patients ? 1 : 0)];
}

std::vector<std::int64_t> patients_of(const Units& units, Rows rows) {
  std::vector<std::int64_t> patients;
  patients.reserve(rows.size());
  for (const std::uint32_t row : rows) patients.push_back(units.patient_of_case[row]);
  return patients;
}

Result<Figure> figure_of(const Measure& measure, Rows rows, const Units& units,
                         const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(metrics::Estimate estimate, measure.value(rows));
  Figure figure{measure.metric, measure.of, estimate};
  const bool repeat = units.patients_repeat();
  if (measure.interval == IntervalFrom::kFormula && !repeat) return figure;
  if (measure.interval == IntervalFrom::kMeasure) {
    figure.interval = drawn_by(true, repeat, options.interval);
    return figure;
  }
  figure.interval = drawn_by(false, repeat, options.interval);
  figure.estimate.se.reset();
  figure.estimate.interval.reset();
  if (!estimate.value) return figure;
  MEDPERF_TRY(const metrics::Estimate resampled, drawn(measure, rows, units, options));
  figure.estimate.se = resampled.se;
  figure.estimate.interval = resampled.interval;
  // A remark on the value stays; one on the formula's interval would be one on what is not there.
  if (!resampled.flag.empty()) figure.estimate.flag = resampled.flag;
  return figure;
}

Result<Figure> figure_of_all(const Measure& measure, const Units& units,
                             const metrics::BootstrapOptions& options) {
  std::vector<std::uint32_t> all(units.patient_of_case.size());
  std::iota(all.begin(), all.end(), 0U);
  return figure_of(measure, all, units, options);
}

Status add_figures(std::span<const Measure> measures, const Units& units,
                   const metrics::BootstrapOptions& options, FigureSet& set) {
  for (const Measure& measure : measures) {
    MEDPERF_TRY(Figure figure, figure_of_all(measure, units, options));
    set.figures.push_back(std::move(figure));
  }
  return {};
}

}  // namespace medperf::cohort
