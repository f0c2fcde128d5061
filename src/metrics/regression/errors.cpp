#include "metrics/regression/errors.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/rounding.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {
namespace {

/// Whether the prediction is off by one number in every case, up to the rounding of the values.
bool equal_differences(std::span<const MeasuredPair> cases) {
  return std::all_of(cases.begin(), cases.end(), [&](const MeasuredPair& one) {
    const MeasuredPair& first = cases.front();
    return is_rounding((one.predicted - one.reference) - (first.predicted - first.reference),
                       std::abs(one.predicted) + std::abs(one.reference) +
                           std::abs(first.predicted) + std::abs(first.reference));
  });
}

template <typename Value>
Result<Estimate> mean_over(std::span<const MeasuredPair> cases, double level,
                           std::string_view convention, const Value& value) {
  MEDPERF_CHECK(check_finite_pairs(cases));
  std::vector<double> values;
  values.reserve(cases.size());
  const bool equal = equal_differences(cases);
  for (const MeasuredPair& one : cases) {
    const MeasuredPair& of = equal ? cases.front() : one;
    values.push_back(value(of.predicted - of.reference));
  }
  MEDPERF_TRY(Estimate estimate, mean_estimate(values, level));
  estimate.convention = convention;
  return estimate;
}

}  // namespace

Result<Estimate> mean_absolute_error(std::span<const MeasuredPair> cases, double level) {
  MEDPERF_TRY(Estimate estimate, mean_over(cases, level, kMaeConvention,
                                           [](double error) { return std::abs(error); }));
  if (estimate.interval) estimate.interval->low = std::max(0.0, estimate.interval->low);
  return estimate;
}

Result<Estimate> root_mean_squared_error(std::span<const MeasuredPair> cases) {
  MEDPERF_TRY(Estimate estimate,
              mean_over(cases, 0.95, kRmseConvention, [](double error) { return error * error; }));
  if (estimate.value) estimate.value = std::sqrt(*estimate.value);
  estimate.se.reset();                                         // that of the square
  if (estimate.flag == flag::kNoVariance) estimate.flag = {};  // likewise
  estimate.interval.reset();
  return estimate;
}

Result<Estimate> mean_error(std::span<const MeasuredPair> cases, double level) {
  return mean_over(cases, level, kBiasConvention, [](double error) { return error; });
}

Result<Estimate> r_squared(std::span<const MeasuredPair> cases) {
  MEDPERF_CHECK(check_finite_pairs(cases));
  Estimate estimate;
  estimate.convention = kR2Convention;
  if (cases.empty()) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  const bool constant = std::all_of(cases.begin(), cases.end(), [&](const MeasuredPair& one) {
    return one.reference == cases.front().reference;
  });
  if (constant) {
    estimate.flag = flag::kConstantReference;
    return estimate;
  }
  double mean = 0;
  for (const MeasuredPair& one : cases) mean += one.reference / static_cast<double>(cases.size());
  double error = 0;
  double spread = 0;
  for (const MeasuredPair& one : cases) {
    error += (one.predicted - one.reference) * (one.predicted - one.reference);
    spread += (one.reference - mean) * (one.reference - mean);
  }
  estimate.value = 1 - error / spread;
  return estimate;
}

}  // namespace medperf::metrics
