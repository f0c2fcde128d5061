#include "metrics/pooling/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "metrics/statistics/random_stream.h"

namespace medperf::metrics {
namespace {

ExactSum sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.add(value);
  return sum;
}

/// Doubles of all sizes and both signs, subnormal ones too.
double wild(RandomStream& random) {
  const double size = std::ldexp(1 + random.uniform(), static_cast<int>(random.below(2090)) - 1070);
  const double value = std::isfinite(size) ? size : 1.0;
  return random.below(2) == 0 ? value : -value;
}

TEST(ExactSum, KnowsWhatDoublesForget) {
  EXPECT_EQ(*sum_of({1e100, 1, -1e100}).value(), 1);
  EXPECT_EQ(*sum_of({0.1, 0.2, 0.3}).value(), 0.6);  // 0.6000000000000001 in doubles
  EXPECT_EQ(*sum_of({1, 1e-300, -1}).value(), 1e-300);
  EXPECT_EQ(*sum_of({}).value(), 0);
  EXPECT_EQ(*sum_of({-0.0}).value(), 0);
  const double least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(*sum_of({least, least, least}).value(), 3 * least);
  const double most = std::numeric_limits<double>::max();
  EXPECT_FALSE(sum_of({most, most}).value().has_value());
  EXPECT_EQ(*sum_of({most, most, -most}).value(), most);
}

TEST(ExactSum, RoundsToNearestAndTiesToEven) {
  const double ulp = std::ldexp(1.0, -52);
  EXPECT_EQ(*sum_of({1, ulp / 2}).value(), 1);
  EXPECT_EQ(*sum_of({1 + ulp, ulp / 2}).value(), 1 + 2 * ulp);
  EXPECT_EQ(*sum_of({1, ulp / 2, 1e-200}).value(), 1 + ulp);
  EXPECT_EQ(*sum_of({-1, -ulp / 2, -1e-200}).value(), -1 - ulp);
  EXPECT_EQ(*sum_of({2, -ulp / 2}).value(), 2);
}

TEST(ExactSum, AgreesWithLongWholeNumbers) {
  RandomStream random(3, 0);
  ExactSum sum;
  std::int64_t expected = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.below(1ULL << 32)) - (1LL << 31);
    sum.add(std::ldexp(static_cast<double>(value), -40));
    expected += value;
  }
  EXPECT_EQ(*sum.value(), std::ldexp(static_cast<double>(expected), -40));
}

TEST(ExactSum, AddsProductsWithoutRounding) {
  ExactSum sum;
  sum.add_product(0.1, 0.1);
  sum.add_product(-0.1, 0.1);
  EXPECT_EQ(sum.sign(), 0);
  const double third = 1.0 / 3;
  ExactSum product;  // (1/3)^2 - fl((1/3)^2) is what the multiplication lost
  product.add_product(third, third);
  product.add(-third * third);
  EXPECT_EQ(*product.value(), std::fma(third, third, -third * third));
}

TEST(ExactSum, MergingIsAssociativeCommutativeAndHasAnIdentity) {
  RandomStream random(7, 1);
  for (int round = 0; round < 50; ++round) {
    std::vector<double> values(60);
    for (double& value : values) value = wild(random);
    const ExactSum whole = sum_of(values);
    for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[random.below(i + 1)]);
    const std::size_t first = random.below(60);
    const std::size_t second = first + random.below(60 - first);
    const auto part = [&](std::size_t from, std::size_t to) {
      return sum_of({values.begin() + static_cast<std::ptrdiff_t>(from),
                     values.begin() + static_cast<std::ptrdiff_t>(to)});
    };
    const ExactSum a = part(0, first);
    const ExactSum b = part(first, second);
    const ExactSum c = part(second, 60);
    ExactSum left = a;
    left.merge(b);
    left.merge(c);
    ExactSum right = c;
    right.merge(b);
    right.merge(a);
    right.merge(ExactSum{});
    EXPECT_TRUE(left == right);
    EXPECT_TRUE(left == whole);
    EXPECT_EQ(left.text(), whole.text());
    EXPECT_EQ(left.value(), right.value());
  }
}

TEST(ExactSum, NegatedIsTheInverse) {
  RandomStream random(9, 1);
  ExactSum sum;
  for (int i = 0; i < 100; ++i) sum.add(wild(random));
  ExactSum inverse = sum;
  inverse.negate();
  EXPECT_EQ(inverse.sign(), -sum.sign());
  inverse.merge(sum);
  EXPECT_EQ(inverse.sign(), 0);
  EXPECT_EQ(inverse.text(), "0");
  EXPECT_TRUE(inverse == ExactSum{});
}

TEST(ExactSum, TextIsUniqueAndReadBack) {
  EXPECT_EQ(sum_of({}).text(), "0");
  EXPECT_EQ(sum_of({1}).text(), "1p0");
  EXPECT_EQ(sum_of({-0.5}).text(), "-1p-1");
  EXPECT_EQ(sum_of({48}).text(), "3p4");
  EXPECT_EQ(sum_of({31.1875}).text(), "1f3p-4");
  EXPECT_EQ(sum_of({std::numeric_limits<double>::denorm_min()}).text(), "1p-1074");
  RandomStream random(11, 1);
  for (int round = 0; round < 200; ++round) {
    ExactSum sum;
    for (int i = 0; i < 5; ++i) sum.add(wild(random));
    const auto read = ExactSum::parse(sum.text());
    ASSERT_TRUE(read.ok()) << sum.text();
    EXPECT_TRUE(*read == sum);
  }
}

TEST(ExactSum, RefusesEveryOtherText) {
  for (const char* text : {"",       "-",     "-0",   "p",       "1",
                           "1p",     "p0",    "01p0", "2p0",     "10p0",
                           "1P0",    "1p+0",  "1p00", "1p-1075", "1p99999",
                           "1p2144", "+1p0",  " 1p0", "1p0 ",    "Fp0",
                           "1p-",    "--1p0", "0p0",  "1.8p0",   "1p99999999999999"}) {
    EXPECT_FALSE(ExactSum::parse(text).ok()) << text;
  }
  EXPECT_FALSE(ExactSum::parse(std::string(600, '1') + "p0").ok());
  EXPECT_FALSE(ExactSum::parse(std::string(550, 'f') + "p1000").ok());
}

}  // namespace
}  // namespace medperf::metrics
