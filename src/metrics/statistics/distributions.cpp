#include "metrics/statistics/distributions.h"

#include <math.h>  // lgamma_r: the thread-safe form is not in <cmath>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "metrics/statistics/root.h"

namespace medperf::metrics {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kTiny = 1e-300;  // keeps Lentz's method off zero denominators
constexpr int kMaxTerms = 100'000;

double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

/// Lower regularised incomplete gamma by its series; good for x < a + 1.
double gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < kMaxTerms && term > sum * kEpsilon / 4; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - log_gamma(a));
}

/// Upper regularised incomplete gamma by its continued fraction (modified Lentz); good for x >= a
/// + 1.
double gamma_fraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double h = d;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double numerator = -n * (n - a);
    b += 2;
    d = numerator * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + numerator / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double factor = d * c;
    h *= factor;
    if (std::abs(factor - 1) < kEpsilon) break;
  }
  return h * std::exp(-x + a * std::log(x) - log_gamma(a));
}

/// The continued fraction of the incomplete beta function (modified Lentz).
double beta_fraction(double x, double a, double b) {
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < kMaxTerms; ++m) {
    const double two_m = 2.0 * m;
    const double even = m * (b - m) * x / ((a + two_m - 1) * (a + two_m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + two_m) * (a + two_m + 1));
    double factor = 1;
    for (const double numerator : {even, odd}) {
      d = 1 + numerator * d;
      if (std::abs(d) < kTiny) d = kTiny;
      c = 1 + numerator / c;
      if (std::abs(c) < kTiny) c = kTiny;
      d = 1 / d;
      factor = d * c;
      h *= factor;
    }
    if (std::abs(factor - 1) < kEpsilon) break;
  }
  return h;
}

/// Acklam's rational approximation (relative error 1.2e-9), p in (0, 0.5]; refined by the caller.
double approximate_normal_quantile(double p) {
  constexpr std::array a = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                            1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array b = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                            6.680131188771972e+01, -1.328068155288572e+01};
  constexpr std::array c = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                            -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array d = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                            3.754408661907416e+00};
  if (p < 0.02425) {
    const double q = std::sqrt(-2 * std::log(p));
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  }
  const double q = p - 0.5;
  const double r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

/// P(T > x) for x >= 0.
double t_upper(double x, double df) {
  // For large x, x * x may pass the range of doubles; the limit is the right value then.
  return 0.5 * beta_cdf(1 / (1 + x * x / df), df / 2, 0.5);
}

/// Doubles `high` until `above(high)` holds.
template <typename Predicate>
double widen(double high, Predicate above) {
  while (!above(high) && high < std::numeric_limits<double>::max() / 4) high *= 2;
  return high;
}

}  // namespace

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  double x = approximate_normal_quantile(p);
  for (int step = 0; step < 2; ++step) {  // Halley's method
    const double error = normal_cdf(x) - p;
    const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
    x -= u / (1 + x * u / 2);
  }
  return x;
}

double t_cdf(double x, double df) {
  return x < 0 ? t_upper(-x, df) : 1 - t_upper(x, df);
}

double t_quantile(double p, double df) {
  if (p == 0.5) return 0;
  if (p < 0.5) return -t_quantile(1 - p, df);
  const double tail = 1 - p;
  const double high = widen(1, [&](double x) { return t_upper(x, df) < tail; });
  return bisect([&](double x) { return t_upper(x, df) - tail; }, 0, high);
}

double chi2_cdf(double x, double df) {
  if (x <= 0) return 0;
  const double a = df / 2;
  return x / 2 < a + 1 ? gamma_series(a, x / 2) : 1 - gamma_fraction(a, x / 2);
}

double chi2_upper(double x, double df) {
  if (x <= 0) return 1;
  const double a = df / 2;
  return x / 2 < a + 1 ? 1 - gamma_series(a, x / 2) : gamma_fraction(a, x / 2);
}

double chi2_quantile(double p, double df) {
  const bool upper = p > 0.5;  // the smaller tail keeps its relative accuracy
  const auto error = [&](double x) {
    return upper ? (1 - p) - chi2_upper(x, df) : chi2_cdf(x, df) - p;
  };
  const double high = widen(df, [&](double x) { return error(x) > 0; });
  return bisect(error, 0, high);
}

double beta_cdf(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double beta_quantile(double p, double a, double b) {
  return bisect([&](double x) { return beta_cdf(x, a, b) - p; }, 0, 1);
}

}  // namespace medperf::metrics
