#include "metrics/statistics/binomial_mixed_model.h"

#include <math.h>  // lgamma_r: the thread-safe form is not in <cmath>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/root.h"
#include "metrics/statistics/study.h"

namespace medperf::metrics {
namespace {

constexpr double kHighestTau = 10;
constexpr double kLowestTau = 1e-3;

/// Log-likelihood and its derivatives in mu and tau.
struct Score {
  double value = 0;
  double in_mu = 0;
  double in_tau = 0;
};

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double log_choose(double n, double x) {
  int sign = 0;
  return ::lgamma_r(n + 1, &sign) - ::lgamma_r(x + 1, &sign) - ::lgamma_r(n - x + 1, &sign);
}

/// The peak in z of the integrand: where its slope tau (x - n p) - z, which falls, is 0. Newton,
/// kept between bounds that always hold the peak.
double peak_of(double x, double n, double mu, double tau) {
  double low = -tau * (n - x);
  double high = tau * x;
  double z = 0;
  for (int step = 0; step < 200; ++step) {
    const double p = original_scale(mu + tau * z, Scale::kLogit);
    const double slope = tau * (x - n * p) - z;
    (slope > 0 ? low : high) = z;
    double next = z + slope / (1 + tau * tau * n * p * (1 - p));
    if (!(next >= low && next <= high)) next = low + (high - low) / 2;
    if (std::abs(next - z) < 1e-13 * (1 + std::abs(z))) return next;
    z = next;
  }
  return z;
}

/// One site: the integral over z of Bin(x; n, expit(mu + tau z)) phi(z). The sum of equidistant
/// points converges faster than any power of the step for such smooth, decaying integrands
/// (Trefethen, Weideman, SIAM Review 56 (2014) 385).
Score site_score(const BinomialCount& site, double mu, double tau) {
  const auto x = static_cast<double>(site.events);
  const auto n = static_cast<double>(site.total);
  const double peak = tau > 0 ? peak_of(x, n, mu, tau) : 0;
  const auto log_integrand = [&](double z) {
    const double eta = mu + tau * z;
    return x * eta - n * softplus(eta) - z * z / 2;
  };
  const double top = log_integrand(peak);
  const double p_top = original_scale(mu + tau * peak, Scale::kLogit);
  const double width = 1 / std::sqrt(1 + tau * tau * n * p_top * (1 - p_top));
  constexpr int kPoints = 60;
  constexpr double kStep = 0.2;  // in units of the peak's width
  double sum = 0;
  double in_mu = 0;
  double in_tau = 0;
  // Where binomial and normal part differ in width the far tail decays by the normal part alone, so
  // points go on until nothing is added.
  for (const int direction : {1, -1}) {
    for (int i = direction == 1 ? 0 : 1; i < 50 * kPoints; ++i) {
      const double z = peak + direction * i * kStep * width;
      const double weight = std::exp(log_integrand(z) - top);
      const double residual = x - n * original_scale(mu + tau * z, Scale::kLogit);
      sum += weight;
      in_mu += weight * residual;
      in_tau += weight * residual * z;
      if (weight < 1e-18 && i > 10) break;
    }
  }
  Score score;
  score.value =
      top + std::log(sum * kStep * width / std::sqrt(2 * std::numbers::pi)) + log_choose(n, x);
  score.in_mu = in_mu / sum;
  score.in_tau = in_tau / sum;
  return score;
}

Score score_at(std::span<const BinomialCount> sites, double mu, double tau) {
  Score total;
  for (const BinomialCount& site : sites) {
    const Score one = site_score(site, mu, tau);
    total.value += one.value;
    total.in_mu += one.in_mu;
    total.in_tau += one.in_tau;
  }
  return total;
}

/// The best mu for a tau. The likelihood is log-concave in mu (a marginal of a log-concave
/// function), so its score changes sign once.
double best_mu(std::span<const BinomialCount> sites, double tau, double start,
               double tolerance = 1e-12) {
  const auto score = [&](double mu) { return score_at(sites, mu, tau).in_mu; };
  double reach = 0.02 * (1 + tau);
  double low = start;
  double high = start;
  double at_low = score(start);
  double at_high = at_low;
  while (at_low < 0) {
    high = low;
    at_high = at_low;
    at_low = score(low -= (reach *= 2));
  }
  while (at_high > 0) {
    low = high;
    at_low = at_high;
    at_high = score(high += (reach *= 2));
  }
  return false_position(score, low, at_low, high, at_high, tolerance);
}

struct Peak {
  double mu = 0;
  double tau = 0;
};

Peak highest(std::span<const BinomialCount> sites, double plain) {
  constexpr int kGrid = 16;
  const auto grid = [](int i) {
    return i == 0 ? 0.0
                  : kLowestTau * std::pow(kHighestTau / kLowestTau,
                                          static_cast<double>(i - 1) / (kGrid - 1));
  };
  double mu = plain;
  int best = 0;
  Peak peak{plain, 0};
  double best_value = score_at(sites, plain, 0).value;
  for (int i = 1; i <= kGrid; ++i) {
    mu = best_mu(sites, grid(i), mu, 1e-3);  // enough to choose between grid points
    const double value = score_at(sites, mu, grid(i)).value;
    if (value > best_value) {
      best = i;
      best_value = value;
      peak = {mu, grid(i)};
    }
  }
  if (best == 0) return peak;
  // The slope of the profile in tau is the score in tau at the best mu.
  const auto slope = [&](double tau) {
    return score_at(sites, best_mu(sites, tau, peak.mu), tau).in_tau;
  };
  const double low = best == 1 ? kLowestTau / 10 : grid(best - 1);
  const double high = grid(std::min(kGrid, best + 1));
  const double at_low = slope(low);
  const double at_high = slope(high);
  if (at_low <= 0 || at_high >= 0) return peak;
  peak.tau = false_position(slope, low, at_low, high, at_high, 1e-11);
  peak.mu = best_mu(sites, peak.tau, peak.mu);
  return peak;
}

/// From the observed information: second derivatives by central differences of the scores.
double standard_error(std::span<const BinomialCount> sites, const Peak& peak) {
  const double step = 1e-4;
  const Score up = score_at(sites, peak.mu + step, peak.tau);
  const Score down = score_at(sites, peak.mu - step, peak.tau);
  const double mu_mu = -(up.in_mu - down.in_mu) / (2 * step);
  if (peak.tau == 0) return 1 / std::sqrt(mu_mu);
  const double tau_step = std::min(step, peak.tau / 2);
  const Score wider = score_at(sites, peak.mu, peak.tau + tau_step);
  const Score closer = score_at(sites, peak.mu, peak.tau - tau_step);
  const double mu_tau = -(wider.in_mu - closer.in_mu) / (2 * tau_step);
  const double tau_tau = -(wider.in_tau - closer.in_tau) / (2 * tau_step);
  const double reduced = tau_tau > 0 ? mu_mu - mu_tau * mu_tau / tau_tau : mu_mu;
  return 1 / std::sqrt(reduced > 0 ? reduced : mu_mu);
}

Status check(std::span<const BinomialCount> sites, double level) {
  constexpr std::int64_t kMost = 1'000'000'000;
  if (sites.empty() || !(level > 0 && level < 1)) {
    return make_error(ErrorKind::kInvalid, "proportion", "there is no site, or the level is wrong",
                      "Give at least one site and a level such as 0.95.");
  }
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (sites[i].events < 0 || sites[i].total <= 0 || sites[i].events > sites[i].total ||
        sites[i].total > kMost) {
      return make_error(ErrorKind::kInvalid, "site " + std::to_string(i + 1),
                        "its counts are out of range",
                        "Events lie in 0..total; the total is positive and at most 10^9.");
    }
  }
  return {};
}

}  // namespace

Result<BinomialMixedModel> pool_binomial(std::span<const BinomialCount> sites, double level) {
  MEDPERF_CHECK(check(sites, level));
  BinomialMixedModel model;
  model.estimate.convention = kBinomialMixedConvention;
  model.k = sites.size();
  double events = 0;
  double total = 0;
  for (const BinomialCount& site : sites) {
    events += static_cast<double>(site.events);
    total += static_cast<double>(site.total);
  }
  if (events == 0 || events == total) {
    model.estimate.flag = flag::kAllOrNothing;
    return model;
  }
  const double plain = std::log(events / (total - events));
  const Peak peak = model.k == 1 ? Peak{plain, 0} : highest(sites, plain);
  model.effect = peak.mu;
  model.tau2 = peak.tau * peak.tau;
  model.log_likelihood = score_at(sites, peak.mu, peak.tau).value;
  const double se = standard_error(sites, peak);
  const double upper = 0.5 + level / 2;
  const double half = se * (model.k == 1 ? normal_quantile(upper)
                                         : t_quantile(upper, static_cast<double>(model.k - 1)));
  model.estimate.value = original_scale(peak.mu, Scale::kLogit);
  model.estimate.se = se;
  model.estimate.interval = Interval{original_scale(peak.mu - half, Scale::kLogit),
                                     original_scale(peak.mu + half, Scale::kLogit)};
  return model;
}

}  // namespace medperf::metrics
