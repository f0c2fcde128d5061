#include "metrics/regression/icc.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "metrics/statistics/distributions.h"

namespace medperf::metrics {
namespace {

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
  return ms;
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
  estimate.interval = Interval{(low - 1) / (low + ms.k - 1), (high - 1) / (high + ms.k - 1)};
  return estimate;
}

Estimate agreement_form(const MeanSquares& ms, double level) {
  const double n = ms.n;
  const double k = ms.k;
  Estimate estimate;
  estimate.convention = kIccA1Convention;
  const double icc = (ms.subjects - ms.residual) /
                     (ms.subjects + (k - 1) * ms.residual + k * (ms.raters - ms.residual) / n);
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
  estimate.interval =
      Interval{n * (ms.subjects - low_f * ms.residual) / (low_f * shared + n * ms.subjects),
               n * (high_f * ms.subjects - ms.residual) / (shared + n * high_f * ms.subjects)};
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
  const MeanSquares ms = mean_squares(ratings, width);
  result.one_way = ratio_form(ms, ms.within, ms.n * (ms.k - 1), level, kIcc11Convention);
  result.agreement = agreement_form(ms, level);
  result.consistency =
      ratio_form(ms, ms.residual, (ms.n - 1) * (ms.k - 1), level, kIccC1Convention);
  return result;
}

}  // namespace medperf::metrics
