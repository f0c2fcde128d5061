#include "metrics/statistics/distributions.h"

#include <gtest/gtest.h>

#include <cmath>

// Expected values: mpmath 1.3 with 40 digits, of the doubles given as arguments.
namespace medperf::metrics {
namespace {

void expect_close(double value, double expected, double relative = 1e-12) {
  EXPECT_LE(std::abs(value - expected), relative * std::abs(expected))
      << value << " instead of " << expected;
}

TEST(Distributions, NormalQuantile) {
  expect_close(normal_quantile(0.975), 1.9599639845400539, 1e-15);
  expect_close(normal_quantile(0.995), 2.5758293035489005, 1e-14);
  expect_close(normal_quantile(0.6), 0.25334710313579974);
  expect_close(normal_quantile(0.5000001), 2.5066282733116483e-7, 1e-9);
  expect_close(normal_quantile(0.025), -1.9599639845400542, 1e-15);
  expect_close(normal_quantile(1e-10), -6.3613409024040562);
  expect_close(normal_quantile(1e-300), -37.047096299361199);
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(Distributions, StudentQuantile) {
  expect_close(t_quantile(0.975, 1), 12.706204736174693);
  expect_close(t_quantile(0.975, 2), 4.3026527297494618);
  expect_close(t_quantile(0.975, 3), 3.1824463052837084);
  expect_close(t_quantile(0.975, 4), 2.7764451051977935);
  expect_close(t_quantile(0.975, 30), 2.0422724563012379);
  expect_close(t_quantile(0.975, 1000), 1.9623390808264081);
  expect_close(t_quantile(0.995, 1), 63.656741162871524);
  expect_close(t_quantile(0.9999, 7), 7.0634328281576388);
  expect_close(t_quantile(0.6, 5), 0.26718086570414507);
  expect_close(t_quantile(0.4, 5), -0.26718086570414507);
  EXPECT_EQ(t_quantile(0.5, 5), 0);
}

TEST(Distributions, ChiSquaredQuantileAndTail) {
  expect_close(chi2_quantile(0.975, 1), 5.0238861873148874);
  expect_close(chi2_quantile(0.025, 1), 0.00098206911717525602);
  expect_close(chi2_quantile(0.975, 2), 7.3777589082278708);
  expect_close(chi2_quantile(0.025, 2), 0.050635615968579754);
  expect_close(chi2_quantile(0.95, 4), 9.4877290367811546);
  expect_close(chi2_quantile(0.025, 4), 0.48441855708792982);
  expect_close(chi2_quantile(0.975, 100), 129.56119718583659);
  expect_close(chi2_quantile(0.001, 3), 0.024297585815692734);
  expect_close(chi2_upper(41.9, 2), 7.9713266143884098e-10);
  expect_close(chi2_upper(9.6, 2), 0.0082297470490200303);
  expect_close(chi2_upper(3.3, 4), 0.50893225784499843);
  expect_close(chi2_upper(150, 100), 0.00090393204235400909, 1e-11);
  expect_close(chi2_upper(0.1, 5), 0.99983768338807738);
  EXPECT_EQ(chi2_upper(0, 3), 1);
  EXPECT_EQ(chi2_cdf(0, 3), 0);
}

TEST(Distributions, BetaFunction) {
  expect_close(beta_cdf(0.3, 2.5, 0.5), 0.018927124071945652);
  expect_close(beta_cdf(0.999, 0.5, 2), 0.99999962487492964);
  expect_close(beta_cdf(0.5, 100, 120), 0.9117960627949818, 1e-11);
  EXPECT_EQ(beta_cdf(0, 2, 3), 0);
  EXPECT_EQ(beta_cdf(1, 2, 3), 1);
}

TEST(Distributions, QuantilesInvertTheirDistribution) {
  for (double p = 0.001; p < 1; p += 0.0371) {
    expect_close(normal_cdf(normal_quantile(p)), p, 1e-13);
    for (const double df : {1.0, 2.0, 3.5, 9.0, 80.0}) {
      expect_close(t_cdf(t_quantile(p, df), df), p, 1e-12);
      expect_close(chi2_cdf(chi2_quantile(p, df), df), p, 1e-12);
      expect_close(beta_cdf(beta_quantile(p, df, 2.5), df, 2.5), p, 1e-11);
    }
  }
}

}  // namespace
}  // namespace medperf::metrics
