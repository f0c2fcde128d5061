#include "metrics/pooling/ratio.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/pooling/merge.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/mean.h"

namespace medperf::metrics {

namespace {

bool at_most(const ExactSum& less, const ExactSum& more) {
  ExactSum difference = more;
  ExactSum negative = less;
  negative.negate();
  difference.merge(negative);
  return difference.sign() >= 0;
}

}  // namespace

Result<RatioSummary> RatioSummary::from_parts(std::string_view convention, std::int64_t cases,
                                              const Sums& sums) {
  MEDPERF_CHECK(check_same_rules(kRatioConvention, convention));
  constexpr int kRange = 53;
  const bool whole = in_range(sums.numerator, kRange, -kRange) &&
                     in_range(sums.denominator, kRange, -kRange) &&
                     in_range(sums.numerator_squares, 2 * kRange, -2 * kRange) &&
                     in_range(sums.products, 2 * kRange, -2 * kRange) &&
                     in_range(sums.denominator_squares, 2 * kRange, -2 * kRange);
  const bool ordered = sums.numerator.sign() >= 0 && sums.numerator_squares.sign() >= 0 &&
                       at_most(sums.numerator, sums.denominator) &&
                       at_most(sums.numerator_squares, sums.products) &&
                       at_most(sums.products, sums.denominator_squares);
  if (cases < 0 || cases > kMostCases || !whole || !ordered ||
      !possible_sums(cases, sums.numerator, sums.numerator_squares) ||
      !possible_sums(cases, sums.denominator, sums.denominator_squares) ||
      (cases == 0 && sums.denominator_squares.sign() != 0)) {
    return impossible_summary("no counts of so many cases have these sums");
  }
  RatioSummary summary;
  summary.cases_ = cases;
  summary.sums_ = sums;
  return summary;
}

Status RatioSummary::add(std::int64_t numerator, std::int64_t denominator) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 53;
  if (numerator < 0 || numerator > denominator || denominator >= kLimit) {
    return make_error(ErrorKind::kInvalid, "case", "its counts are no part of a whole",
                      "The numerator lies in 0..denominator and the denominator below 2^53.");
  }
  const auto a = static_cast<double>(numerator);
  const auto b = static_cast<double>(denominator);
  ++cases_;
  sums_.numerator.add(a);
  sums_.denominator.add(b);
  sums_.numerator_squares.add_product(a, a);
  sums_.products.add_product(a, b);
  sums_.denominator_squares.add_product(b, b);
  return {};
}

Status RatioSummary::merge(const RatioSummary& other) {
  MEDPERF_TRY(cases_, added(cases_, other.cases_));
  sums_.numerator.merge(other.sums_.numerator);
  sums_.denominator.merge(other.sums_.denominator);
  sums_.numerator_squares.merge(other.sums_.numerator_squares);
  sums_.products.merge(other.sums_.products);
  sums_.denominator_squares.merge(other.sums_.denominator_squares);
  return {};
}

Estimate RatioSummary::estimate(double level) const {
  Estimate result;
  result.convention = kRatioConvention;
  if (cases_ == 0 || sums_.denominator.sign() == 0) {
    result.flag = cases_ == 0 ? flag::kNoCases : flag::kNothingPositive;
    return result;
  }
  const double total = *sums_.denominator.value();
  const double ratio = *sums_.numerator.value() / total;
  result.value = ratio;
  if (cases_ == 1 || ratio == 0 || ratio == 1) {
    result.flag = cases_ == 1 ? flag::kOneCase : flag::kDegenerate;
    return result;
  }
  ExactSum squares = sums_.numerator_squares;  // sum (a - r b)^2
  squares.add_scaled(sums_.products, -2 * ratio);
  ExactSum ratio_squared;
  ratio_squared.add_product(ratio, ratio);
  const double rounded = *ratio_squared.value();
  ratio_squared.add(-rounded);
  squares.add_scaled(sums_.denominator_squares, rounded);
  squares.add_scaled(sums_.denominator_squares, *ratio_squared.value());
  const auto n = static_cast<double>(cases_);
  // Every case with the same ratio: what is left is that of the rounded ratio beside the true one.
  const double rounding = ratio * std::numeric_limits<double>::epsilon();
  const double left = *squares.value();
  if (left <= rounding * rounding * *sums_.denominator_squares.value()) {
    result.se = 0;
    result.flag = flag::kNoVariance;
    return result;
  }
  const double se = std::sqrt(n / (n - 1) * left) / total;
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
