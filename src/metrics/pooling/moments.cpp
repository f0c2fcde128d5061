#include "metrics/pooling/moments.h"

#include <algorithm>
#include <cmath>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {
namespace {

constexpr int kRange = 200;  // sizes of values, as powers of two
constexpr int kMantissaBits = 53;

Error impossible() {
  return make_error(ErrorKind::kInvalid, "moments", "no values have this count and these sums",
                    "Ask the site to make its summary again.");
}

}  // namespace

Status MomentSummary::add(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value) ||
      (size != 0 && (size < std::ldexp(1.0, -kRange) || size > std::ldexp(1.0, kRange)))) {
    return make_error(ErrorKind::kInvalid, "value", "it is not finite or out of range",
                      "Leave undefined cases out and count them; sizes reach from 1e-60 to 1e60.");
  }
  ++cases_;
  sum_.add(value);
  squares_.add_product(value, value);
  return {};
}

Status MomentSummary::merge(const MomentSummary& other) {
  MEDPERF_TRY(cases_, added(cases_, other.cases_));
  sum_.merge(other.sum_);
  squares_.merge(other.squares_);
  return {};
}

Result<MomentSummary> MomentSummary::from_parts(std::string_view convention, std::int64_t cases,
                                                const ExactSum& sum, const ExactSum& squares) {
  MEDPERF_CHECK(check_same_rules(kMomentsConvention, convention));
  if (cases < 0 || !in_range(sum, kRange, kMantissaBits - 1) ||
      !in_range(squares, 2 * kRange, 2 * (kMantissaBits - 1))) {
    return impossible();
  }
  if (cases == 0 && (sum.sign() != 0 || squares.sign() != 0)) return impossible();
  if (!possible_sums(cases, sum, squares)) return impossible();
  MomentSummary summary;
  summary.cases_ = cases;
  summary.sum_ = sum;
  summary.squares_ = squares;
  return summary;
}

std::optional<double> MomentSummary::mean() const {
  if (cases_ == 0) return std::nullopt;
  return *sum_.value() / static_cast<double>(cases_);
}

double MomentSummary::squared_deviations() const {
  // sum (x - m)^2 = squares - 2 m sum + n m^2 for any m, here the rounded mean, without rounding;
  // what the rounding of m leaves is taken off at the end.
  if (equal_values(cases_, sum_, squares_)) return 0;
  const double m = *mean();
  const auto n = static_cast<double>(cases_);
  ExactSum result = squares_;
  result.add_scaled(sum_, -2 * m);
  ExactSum square;
  square.add_product(m, m);
  result.add_scaled(square, n);
  ExactSum residue = sum_;
  residue.add_product(-n, m);
  const double left = *residue.value();
  return std::max(0.0, *result.value() - left * left / n);
}

std::optional<double> MomentSummary::variance() const {
  if (cases_ < 2) return std::nullopt;
  return squared_deviations() / static_cast<double>(cases_ - 1);
}

Estimate MomentSummary::estimate(double level) const {
  if (cases_ == 0) return mean_from_moments(0, 0, 0, level);
  return mean_from_moments(cases_, *mean(), cases_ < 2 ? 0 : squared_deviations(), level);
}

Result<Study> MomentSummary::study(Scale scale) const {
  const Estimate site = estimate(0.95);
  if (!site.se) {
    return make_error(ErrorKind::kInvalid, "moments", "fewer than two cases have no standard error",
                      "Leave the site out and say so.");
  }
  return mean_study(*site.value, *site.se, scale);
}

}  // namespace medperf::metrics
