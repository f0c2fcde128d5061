#include "metrics/pooling/ratio.h"

#include <algorithm>
#include <cmath>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {

Status RatioSummary::add(std::int64_t numerator, std::int64_t denominator) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 53;
  if (numerator < 0 || numerator > denominator || denominator >= kLimit) {
    return make_error(ErrorKind::kInvalid, "case", "its counts are no part of a whole",
                      "The numerator lies in 0..denominator and the denominator below 2^53.");
  }
  const auto a = static_cast<double>(numerator);
  const auto b = static_cast<double>(denominator);
  ++cases_;
  numerator_.add(a);
  denominator_.add(b);
  numerator_squares_.add_product(a, a);
  products_.add_product(a, b);
  denominator_squares_.add_product(b, b);
  return {};
}

Status RatioSummary::merge(const RatioSummary& other) {
  MEDPERF_TRY(cases_, added(cases_, other.cases_));
  numerator_.merge(other.numerator_);
  denominator_.merge(other.denominator_);
  numerator_squares_.merge(other.numerator_squares_);
  products_.merge(other.products_);
  denominator_squares_.merge(other.denominator_squares_);
  return {};
}

Estimate RatioSummary::estimate(double level) const {
  Estimate result;
  result.convention = kRatioConvention;
  if (cases_ == 0 || denominator_.sign() == 0) {
    result.flag = cases_ == 0 ? flag::kNoCases : flag::kNothingPositive;
    return result;
  }
  const double total = *denominator_.value();
  const double ratio = *numerator_.value() / total;
  result.value = ratio;
  if (cases_ == 1 || ratio == 0 || ratio == 1) {
    result.flag = cases_ == 1 ? flag::kOneCase : flag::kDegenerate;
    return result;
  }
  ExactSum squares = numerator_squares_;  // sum (a - r b)^2
  squares.add_scaled(products_, -2 * ratio);
  ExactSum ratio_squared;
  ratio_squared.add_product(ratio, ratio);
  const double rounded = *ratio_squared.value();
  ratio_squared.add(-rounded);
  squares.add_scaled(denominator_squares_, rounded);
  squares.add_scaled(denominator_squares_, *ratio_squared.value());
  const auto n = static_cast<double>(cases_);
  const double se = std::sqrt(n / (n - 1) * std::max(0.0, *squares.value())) / total;
  const double centre = std::log(ratio) - std::log1p(-ratio);
  const double half = t_quantile(0.5 + level / 2, n - 1) * se / (ratio * (1 - ratio));
  result.se = se;
  result.interval = Interval{original_scale(centre - half, Scale::kLogit),
                             original_scale(centre + half, Scale::kLogit)};
  return result;
}

Result<Study> RatioSummary::study(Scale scale) const {
  const Estimate site = estimate(0.95);
  if (!site.se) {
    return make_error(ErrorKind::kInvalid, "ratio", "the site has no standard error to weigh it by",
                      "Leave the site out and say so.");
  }
  return mean_study(*site.value, *site.se, scale);
}

}  // namespace medperf::metrics
