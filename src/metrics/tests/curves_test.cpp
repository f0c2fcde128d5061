#include "metrics/classification/curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "metrics/classification/auc.h"
#include "metrics/classification/decision.h"

namespace medperf::metrics {
namespace {

using Cases = std::vector<ScoredCase>;

Cases random_cases(unsigned seed, int size, int levels) {
  std::mt19937 random(seed);
  Cases cases;
  for (int i = 0; i < size; ++i) {
    const double score = static_cast<double>(random() % static_cast<unsigned>(levels)) / levels;
    cases.push_back({score, random() % 100 < 20 + 60 * score});
  }
  return cases;
}

double trapezoids(const std::vector<CurvePoint>& points) {
  double area = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const auto& a = points[i - 1].table;
    const auto& b = points[i].table;
    area += static_cast<double>((b.fp - a.fp) * (a.tp + b.tp)) / 2;
  }
  const auto& all = points.back().table;
  return area / static_cast<double>(all.tp * all.fp);
}

TEST(Curves, OnePointADistinctScore) {
  const Cases cases = {{0.9, true}, {0.7, false}, {0.7, true}, {0.2, false}};
  const auto points = operating_points(cases);
  ASSERT_EQ(points->size(), 4U);
  EXPECT_FALSE((*points)[0].threshold.has_value());
  EXPECT_EQ((*points)[0].table.fn, 2);
  EXPECT_EQ(*(*points)[2].threshold, 0.7);
  EXPECT_EQ((*points)[2].table.tp, 2);
  EXPECT_EQ((*points)[2].table.fp, 1);
  EXPECT_EQ((*points)[3].table.fp, 2);
  for (const auto& point : *points) EXPECT_EQ(point.table.total(), 4);
}

TEST(Curves, PointsAreThoseOfTheThresholds) {
  const Cases cases = random_cases(1, 80, 15);
  const auto points = operating_points(cases);
  for (std::size_t i = 1; i < points->size(); ++i) {
    const auto table = confusion_at(cases, *(*points)[i].threshold);
    EXPECT_EQ(table->tp, (*points)[i].table.tp);
    EXPECT_EQ(table->fp, (*points)[i].table.fp);
  }
}

TEST(Curves, CollapsingKeepsTheCurve) {
  for (unsigned seed = 1; seed < 20; ++seed) {
    const Cases cases = random_cases(seed, 150, 1000);
    const auto all = operating_points(cases);
    const auto few = operating_points(cases, true);
    EXPECT_LT(few->size(), all->size());
    EXPECT_NEAR(trapezoids(*all), *auc(cases)->estimate.value, 1e-14);
    EXPECT_NEAR(trapezoids(*few), *auc(cases)->estimate.value, 1e-14);
    for (std::size_t i = 2; i < few->size(); ++i) {  // no three in a row
      const auto &a = (*few)[i - 2].table, &b = (*few)[i - 1].table, &c = (*few)[i].table;
      EXPECT_NE((b.fp - a.fp) * (c.tp - b.tp), (c.fp - b.fp) * (b.tp - a.tp));
    }
  }
}

TEST(Curves, LargestYouden) {
  const Cases cases = {{0.9, true}, {0.8, true}, {0.7, false}, {0.6, true}, {0.5, false}};
  const auto points = operating_points(cases);
  const auto best = largest_youden(*points);
  EXPECT_EQ(*best->threshold, 0.8);  // 2/3 - 0; at 0.6: 1 - 1/2
  EXPECT_NEAR(*youden_index(best->table).value, 2.0 / 3, 1e-15);
  // 1/2 at 0.9 and again at 0.6: the higher threshold.
  const Cases twice = {{0.9, true}, {0.7, false}, {0.6, true}, {0.5, false}};
  EXPECT_EQ(*largest_youden(*operating_points(twice))->threshold, 0.9);
  EXPECT_FALSE(largest_youden(*operating_points(Cases{{0.5, true}})).has_value());
  EXPECT_FALSE(largest_youden({}).has_value());
}

TEST(Curves, AveragePrecisionByHand) {
  // Ranked + - + -: 1/2 x 1 + 1/2 x 2/3.
  const Cases cases = {{4, true}, {3, false}, {2, true}, {1, false}};
  EXPECT_NEAR(*average_precision(cases)->value, 0.5 + 1.0 / 3, 1e-15);
  EXPECT_EQ(average_precision(cases)->convention, "auprc-step");
  // Precisions 1, 1, 1/2, 2/3: only steps in recall count, 1/2 (1 + 1) / 2 + 1/2 (1/2 + 2/3) / 2.
  EXPECT_NEAR(*auprc_trapezoid(cases)->value, 0.5 + 7.0 / 24, 1e-15);
  const Cases tied = {{1, true}, {1, false}, {1, false}, {1, true}};
  EXPECT_EQ(*average_precision(tied)->value, 0.5);  // prevalence, whatever the order
}

TEST(Curves, AveragePrecisionBounds) {
  const Cases perfect = {{3, true}, {2, true}, {1, false}};
  EXPECT_EQ(*average_precision(perfect)->value, 1);
  EXPECT_EQ(*auprc_trapezoid(perfect)->value, 1);
  for (unsigned seed = 1; seed < 10; ++seed) {
    const Cases cases = random_cases(seed, 60, 12);
    EXPECT_GT(*average_precision(cases)->value, 0);
    EXPECT_LE(*average_precision(cases)->value, 1);
  }
}

TEST(Curves, UndefinedIsAValueOfItsOwn) {
  EXPECT_EQ(average_precision(Cases{})->flag, flag::kNoCases);
  EXPECT_EQ(average_precision(Cases{{1, true}})->flag, flag::kOneClass);
  EXPECT_EQ(average_precision(Cases{{1, false}})->flag, flag::kOneClass);
  EXPECT_FALSE(average_precision(Cases{{1, false}})->value.has_value());
  EXPECT_EQ(auprc_trapezoid(Cases{{1, false}})->flag, flag::kOneClass);
  EXPECT_FALSE(operating_points(Cases{{std::nan(""), true}}).ok());
}

TEST(Decision, YoudenAndBalancedAccuracy) {
  const Confusion table{90, 30, 70, 10};
  EXPECT_NEAR(*youden_index(table).value, 0.6, 1e-15);
  EXPECT_NEAR(*balanced_accuracy(table).value, 0.8, 1e-15);
  EXPECT_NEAR(balanced_accuracy(table).interval->low, (youden_index(table).interval->low + 1) / 2,
              1e-15);
  const Confusion swapped{70, 10, 90, 30};  // classes exchanged
  EXPECT_NEAR(*youden_index(swapped).value, *youden_index(table).value, 1e-15);
  EXPECT_NEAR(youden_index(swapped).interval->low, youden_index(table).interval->low, 1e-15);
  EXPECT_EQ(youden_index(Confusion{3, 0, 0, 2}).flag, flag::kOneClass);
  EXPECT_EQ(balanced_accuracy(Confusion{}).flag, flag::kNoCases);
  EXPECT_EQ(youden_index(Confusion{5, 0, 5, 0}).interval->high, 1);
}

TEST(Decision, LikelihoodRatios) {
  const Confusion table{90, 30, 70, 10};
  EXPECT_NEAR(*positive_likelihood_ratio(table).value, 3, 1e-14);
  EXPECT_NEAR(*negative_likelihood_ratio(table).value, 1.0 / 7, 1e-15);
  const double se = std::sqrt(1.0 / 90 - 1.0 / 100 + 1.0 / 30 - 1.0 / 100);
  EXPECT_NEAR(positive_likelihood_ratio(table).interval->high, 3 * std::exp(1.959963984540054 * se),
              1e-12);
  const Confusion specific{5, 0, 9, 4};
  EXPECT_FALSE(positive_likelihood_ratio(specific).value.has_value());
  EXPECT_EQ(positive_likelihood_ratio(specific).flag, flag::kUnbounded);
  const Confusion sensitive{5, 2, 7, 0};
  EXPECT_EQ(*negative_likelihood_ratio(sensitive).value, 0);
  EXPECT_EQ(negative_likelihood_ratio(sensitive).flag, flag::kZeroCell);
  EXPECT_FALSE(negative_likelihood_ratio(sensitive).interval.has_value());
  EXPECT_EQ(positive_likelihood_ratio(Confusion{0, 1, 2, 0}).flag, flag::kOneClass);
}

TEST(Decision, NetBenefitByHand) {
  // At 0.25, one false positive costs a third of a true positive.
  const Cases cases = {{0.9, true}, {0.3, false}, {0.25, true}, {0.1, false}, {0.2, true}};
  const std::vector<double> thresholds = {0.25, 0.5};
  const auto curve = decision_curve(cases, thresholds);
  ASSERT_EQ(curve->size(), 2U);
  EXPECT_NEAR((*curve)[0].model, 2.0 / 5 - 1.0 / 5 / 3, 1e-15);
  EXPECT_NEAR((*curve)[0].treat_all, 3.0 / 5 - 2.0 / 5 / 3, 1e-15);
  EXPECT_NEAR((*curve)[1].model, 1.0 / 5, 1e-15);
  EXPECT_EQ((*curve)[0].table.fp, 1);
  EXPECT_FALSE(decision_curve(cases, std::vector<double>{1}).ok());
  EXPECT_FALSE(decision_curve(Cases{{1.5, true}}, thresholds).ok());
  EXPECT_TRUE(decision_curve({}, thresholds)->empty());
}

}  // namespace
}  // namespace medperf::metrics
