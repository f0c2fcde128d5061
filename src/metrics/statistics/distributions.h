#pragma once
// Distribution functions and quantiles, relative error below 1e-10 (tests compare with tables
// computed in 50 digits). Pure functions of finite arguments.

namespace medperf::metrics {

/// Standard normal P(Z <= x).
double normal_cdf(double x);
/// Inverse of normal_cdf; p in (0, 1).
double normal_quantile(double p);

/// Student's t with `df` > 0 degrees of freedom (need not be whole).
double t_cdf(double x, double df);
/// Inverse of t_cdf; p in (0, 1).
double t_quantile(double p, double df);

/// Chi-squared, df > 0, x >= 0: P(X <= x) and P(X > x).
double chi2_cdf(double x, double df);
double chi2_upper(double x, double df);
/// Inverse of chi2_cdf; p in (0, 1).
double chi2_quantile(double p, double df);

/// Regularised incomplete beta function I_x(a, b); a, b > 0; x in [0, 1].
double beta_cdf(double x, double a, double b);
/// Inverse of beta_cdf in x; p in (0, 1).
double beta_quantile(double p, double a, double b);

}  // namespace medperf::metrics
