#include "metrics/regression/icc.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "metrics/rounding.h"
#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

/// What is alike up to rounding. Told from the ratings: a sum of squares of what should be 0 rarely
/// rounds to 0, and the quotient of two such sums is anything.
struct Alike {
  bool in_rows = true;       ///< the raters agree on every subject
  bool up_to_shifts = true;  ///< each rater is off by the same number on every subject
  bool in_columns = true;    ///< no rater tells subjects apart
};

Alike alike(std::span<const double> ratings, std::size_t raters) {
  Alike result;
  for (std::size_t at = 0; at < ratings.size(); ++at) {
    const std::size_t j = at % raters;
    const double one = ratings[at];
    const double of_first_rater = ratings[at - j];
    const double of_first_subject = ratings[j];
    const double inside = one - of_first_rater;
    const double shift = of_first_subject - ratings.front();
    const double row_size = std::abs(one) + std::abs(of_first_rater);
    const double first_size = std::abs(of_first_subject) + std::abs(ratings.front());
    result.in_rows = result.in_rows && is_rounding(inside, row_size);
    result.up_to_shifts = result.up_to_shifts && is_rounding(inside - shift, row_size + first_size);
    result.in_columns =
        result.in_columns &&
        is_rounding(one - of_first_subject, std::abs(one) + std::abs(of_first_subject));
  }
  return result;
}

/// The ratings on a scale on which no square over- or underflows: sizes up to 1, exactly.
std::vector<double> scaled(std::span<const double> ratings) {
  double largest = 0;
  for (const double one : ratings) largest = std::max(largest, std::abs(one));
  int exponent = 0;
  std::frexp(largest, &exponent);
  std::vector<double> result(ratings.begin(), ratings.end());
  for (double& one : result) one = std::ldexp(one, -exponent);
  return result;
}

/// Mean squares of the two-way layout without replication.
struct MeanSquares {
  double n = 0, k = 0;
  double subjects = 0;  ///< between subjects, n - 1 degrees of freedom
  double raters = 0;    ///< between raters, k - 1
  double residual = 0;  ///< (n - 1)(k - 1)
  double within = 0;    ///< within subjects, n (k - 1)
};

MeanSquares mean_squares(std::span<const double> ratings, std::size_t raters) {
  const std::size_t subjects = ratings.size() / raters;
  MeanSquares ms;
  ms.n = static_cast<double>(subjects);
  ms.k = static_cast<double>(raters);
  std::vector<double> of_subject(subjects), of_rater(raters);
  double grand = 0;
  for (std::size_t i = 0; i < subjects; ++i) {
    for (std::size_t j = 0; j < raters; ++j) {
      const double value = ratings[i * raters + j];
      of_subject[i] += value / ms.k;
      of_rater[j] += value / ms.n;
      grand += value / (ms.n * ms.k);
    }
  }
  for (std::size_t i = 0; i < subjects; ++i) {
    ms.subjects += ms.k * (of_subject[i] - grand) * (of_subject[i] - grand);
    for (std::size_t j = 0; j < raters; ++j) {
      const double value = ratings[i * raters + j];
      const double inside = value - of_subject[i];
      const double left = inside - of_rater[j] + grand;
      ms.within += inside * inside;
      ms.residual += left * left;
    }
  }
  for (const double mean : of_rater) ms.raters += ms.n * (mean - grand) * (mean - grand);
  ms.subjects /= ms.n - 1;
  ms.raters /= ms.k - 1;
  ms.residual /= (ms.n - 1) * (ms.k - 1);
  ms.within /= ms.n * (ms.k - 1);
  const Alike same = alike(ratings, raters);
  if (same.in_rows) ms.raters = ms.within = 0;
  if (same.in_columns) ms.subjects = 0;
  if (same.in_rows || same.in_columns || same.up_to_shifts) ms.residual = 0;
  return ms;
}

/// Sets the interval if it is one: degrees of freedom near 0 have no quantiles.
void set_interval(double low, double high, Estimate& estimate) {
  high = std::min(high, 1.0);  // rounding alone goes beyond
  if (std::isfinite(low) && std::isfinite(high) && low < high) {
    estimate.interval = Interval{low, high};
  } else if (low == high) {
    estimate.flag = flag::kNoVariance;  // an F ratio of 0: subjects that do not differ at all
  } else {
    estimate.flag = flag::kNotFinite;
  }
}

/// The p-quantile of F. From the smaller tail, so that 1 - x keeps its digits.
double f_quantile(double p, double df1, double df2) {
  if (p > 0.5) return 1 / f_quantile(1 - p, df2, df1);
  const double x = beta_quantile(p, df1 / 2, df2 / 2);
  return df2 * x / (df1 * (1 - x));
}

/// Of the forms whose F ratio is subjects over `error` with `df` degrees of freedom below.
Estimate ratio_form(const MeanSquares& ms, double error, double df, double level,
                    std::string_view convention) {
  Estimate estimate;
  estimate.convention = convention;
  if (ms.subjects == 0 && error == 0) {
    estimate.flag = flag::kNoSpread;
    return estimate;
  }
  estimate.value = (ms.subjects - error) / (ms.subjects + (ms.k - 1) * error);
  if (error == 0) {
    estimate.flag = flag::kNoResidual;
    return estimate;
  }
  const double f = ms.subjects / error;
  const double p = 0.5 + level / 2;
  const double low = f / f_quantile(p, ms.n - 1, df);
  const double high = f * f_quantile(p, df, ms.n - 1);
  set_interval((low - 1) / (low + ms.k - 1), (high - 1) / (high + ms.k - 1), estimate);
  return estimate;
}

Estimate agreement_form(const MeanSquares& ms, double level) {
  const double n = ms.n;
  const double k = ms.k;
  Estimate estimate;
  estimate.convention = kIccA1Convention;
  const double all = ms.subjects + (k - 1) * ms.residual + k * (ms.raters - ms.residual) / n;
  // With two subjects and two raters that differ in neither mean, the estimated variances cancel.
  if (is_rounding(all, ms.subjects + ms.residual + ms.raters)) {
    estimate.flag = flag::kNoSpread;
    return estimate;
  }
  const double icc = (ms.subjects - ms.residual) / all;
  estimate.value = icc;
  if (ms.residual == 0) {
    estimate.flag = flag::kNoResidual;
    return estimate;
  }
  // Satterthwaite's degrees of freedom of the denominator.
  const double between = k * icc * ms.raters / ms.residual;
  const double inside = n * (1 + (k - 1) * icc) - k * icc;
  const double df = (n - 1) * (k - 1) * (between + inside) * (between + inside) /
                    ((n - 1) * between * between + inside * inside);
  const double p = 0.5 + level / 2;
  const double low_f = f_quantile(p, n - 1, df);
  const double high_f = f_quantile(p, df, n - 1);
  const double shared = k * ms.raters + (k * n - k - n) * ms.residual;
  set_interval(n * (ms.subjects - low_f * ms.residual) / (low_f * shared + n * ms.subjects),
               n * (high_f * ms.subjects - ms.residual) / (shared + n * high_f * ms.subjects),
               estimate);
  return estimate;
}

}  // namespace

Result<IntraclassCorrelations> intraclass_correlations(std::span<const double> ratings, int raters,
                                                       double level) {
  if (!(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "level", "it is not between 0 and 1",
                      "0.95 is the default.");
  }
  if (raters < 2 || ratings.size() % static_cast<std::size_t>(std::max(raters, 1)) != 0) {
    return make_error(ErrorKind::kInvalid, "raters", "there is not one rating a subject and rater",
                      "Give one row of ratings a subject, of at least two raters.");
  }
  const auto width = static_cast<std::size_t>(raters);
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    if (!std::isfinite(ratings[i])) {
      return make_error(ErrorKind::kInvalid, "subject " + std::to_string(i / width + 1),
                        "a rating is not a finite number", "Leave subjects with a gap out.");
    }
  }
  IntraclassCorrelations result;
  result.one_way.convention = kIcc11Convention;
  result.agreement.convention = kIccA1Convention;
  result.consistency.convention = kIccC1Convention;
  std::string_view reason;
  if (ratings.size() < 2 * width) {
    reason = ratings.empty() ? flag::kNoCases : flag::kTooFewSubjects;
  } else if (std::all_of(ratings.begin(), ratings.end(),
                         [&](double value) { return value == ratings.front(); })) {
    reason = flag::kNoSpread;
  }
  if (!reason.empty()) {
    result.one_way.flag = result.agreement.flag = result.consistency.flag = reason;
    return result;
  }
  const MeanSquares ms = mean_squares(scaled(ratings), width);
  result.one_way = ratio_form(ms, ms.within, ms.n * (ms.k - 1), level, kIcc11Convention);
  result.agreement = agreement_form(ms, level);
  result.consistency =
      ratio_form(ms, ms.residual, (ms.n - 1) * (ms.k - 1), level, kIccC1Convention);
  return result;
}

}  // namespace medperf::metrics
