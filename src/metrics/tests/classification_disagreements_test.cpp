// Where tools disagree on the same cases: their value (their rule written out here, or the value
// they print), ours, and which side we take. Found in their sources or reproduced with scikit-learn
// 1.9.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/probability.h"
#include "metrics/regression/errors.h"

namespace medperf::metrics {
namespace {

using Cases = std::vector<ScoredCase>;

TEST(ClassificationDisagreements, AreaUnderPrecisionAndRecallByStepsOrTrapezoids) {
  // scikit-learn steps, MetricsReloaded's "average precision" is the trapezoid. We: steps; the
  // trapezoid has another id. It rewards a model for what lies between two thresholds.
  const Cases cases = {{0.9, true},  {0.8, false}, {0.7, false}, {0.6, true},
                       {0.5, false}, {0.4, false}, {0.3, true}};
  const double steps = (1 + 2.0 / 4 + 3.0 / 7) / 3;
  // Gains of 1/3 each, between precisions 1 and 1, 1/3 and 1/2, 1/3 and 3/7.
  const double trapezoid = (1 + (1.0 / 3 + 0.5) / 2 + (1.0 / 3 + 3.0 / 7) / 2) / 3;
  EXPECT_NEAR(*average_precision(cases)->value, steps, 1e-15);
  EXPECT_NEAR(*auprc_trapezoid(cases)->value, trapezoid, 1e-15);
  EXPECT_NE(average_precision(cases)->convention, auprc_trapezoid(cases)->convention);
  // One threshold for all cases shows the optimism: the model knows nothing, a quarter is positive.
  const Cases same = {{0.5, true}, {0.5, false}, {0.5, false}, {0.5, false}};
  EXPECT_EQ(*average_precision(same)->value, 0.25);
  EXPECT_EQ(*auprc_trapezoid(same)->value, (1 + 0.25) / 2);
}

TEST(ClassificationDisagreements, AreaOfOneClass) {
  // scikit-learn raises (1.2) or gives NaN (since), torchmetrics warns and gives 0, which looks
  // like a result. We: undefined, with the reason.
  const Cases cases = {{0.9, true}, {0.4, true}};
  EXPECT_FALSE(auc(cases)->estimate.value.has_value());
  EXPECT_EQ(auc(cases)->estimate.flag, flag::kOneClass);
  // scikit-learn's average precision of positives alone is 1, of negatives alone 0.
  EXPECT_FALSE(average_precision(cases)->value.has_value());
}

TEST(ClassificationDisagreements, BrierOfOneOrOfAllClasses) {
  // MetricsReloaded sums over the classes, twice scikit-learn's value for two classes. We: the
  // positive class; the sum has another id and is for K classes.
  const Cases cases = {{0.9, true}, {0.4, true}, {0.3, false}};
  const double positive_class = (0.01 + 0.36 + 0.09) / 3;
  EXPECT_NEAR(*brier_score(cases)->value, positive_class, 1e-15);
  const std::vector<int> reference = {1, 1, 0};
  const std::vector<double> p = {0.1, 0.9, 0.6, 0.4, 0.7, 0.3};
  const Estimate summed = brier_score(*ClassProbabilities::of(reference, p, 2));
  EXPECT_NEAR(*summed.value, 2 * positive_class, 1e-15);
  EXPECT_NE(summed.convention, brier_score(cases)->convention);
}

/// Bins (l, u] as in MetricsReloaded: a probability of 0 is in none, and the weights are shares of
/// the cases that are in one.
double error_with_bins_open_below(const Cases& cases, int bins) {
  double sum = 0;
  double counted = 0;
  for (int k = 0; k < bins; ++k) {
    double gap = 0;
    for (const auto& one : cases) {
      const bool inside = one.score > static_cast<double>(k) / bins &&
                          one.score <= static_cast<double>(k + 1) / bins;
      gap += inside ? one.score - (one.positive ? 1 : 0) : 0;
      counted += inside ? 1 : 0;
    }
    sum += std::abs(gap);
  }
  return sum / counted;
}

TEST(ClassificationDisagreements, CalibrationErrorOfCertainNegatives) {
  // Half of the cases are called impossible; a quarter of those happen.
  const Cases cases = {{0, false},   {0, false},   {0, false},  {0, true},
                       {0.85, true}, {0.85, true}, {0.9, true}, {0.9, true}};
  EXPECT_NEAR(error_with_bins_open_below(cases, 10), (0.3 + 0.2) / 4, 1e-12);
  // We: [l, u), every case counts, so the missed one does.
  EXPECT_NEAR(*calibration(cases, CalibrationBinning::kEqualWidth, 10)->expected_error.value,
              (1 + 0.3 + 0.2) / 8, 1e-12);
}

TEST(ClassificationDisagreements, CalibrationErrorOfTenOrFifteenBins) {
  // 10 bins (MetricsReloaded) put 0.61 and 0.68 together, 15 (torchmetrics, we) do not.
  const Cases cases = {{0.61, true}, {0.68, false}};
  EXPECT_NEAR(*calibration(cases, CalibrationBinning::kEqualWidth, 10)->expected_error.value,
              0.29 / 2, 1e-12);
  EXPECT_NEAR(*calibration(cases)->expected_error.value, (0.39 + 0.68) / 2, 1e-12);
}

TEST(ClassificationDisagreements, CalibrationErrorOnAnEdge) {
  // 0.2 and 0.25 are together in [0.2, 0.267) (torchmetrics, we), 0.2 is alone in (0.133, 0.2].
  const Cases cases = {{0.2, true}, {0.25, false}};
  EXPECT_NEAR(*calibration(cases)->expected_error.value, 0.55 / 2, 1e-12);
  EXPECT_NEAR(error_with_bins_open_below(cases, 15), (0.8 + 0.25) / 2, 1e-12);
}

TEST(ClassificationDisagreements, CorrelationOfAnEmptyRowOrColumn) {
  // All right, but one class only: scikit-learn 0, torchmetrics 1. We: 0, and the flag says that it
  // is a convention.
  const Confusion right{6, 0, 0, 0};
  EXPECT_EQ(*matthews(right).value, 0);
  EXPECT_EQ(matthews(right).flag, flag::kDegenerate);
  auto matrix = *ConfusionMatrix::empty(3);
  matrix.add(1, 1, 6);
  EXPECT_EQ(*gorodkin(matrix).value, 0);
  EXPECT_EQ(gorodkin(matrix).flag, flag::kDegenerate);
  // Cohen's kappa of the same table is 0/0: scikit-learn NaN, we undefined.
  EXPECT_FALSE(cohen_kappa(matrix).value.has_value());
}

TEST(ClassificationDisagreements, NothingPositiveOnEitherSide) {
  // scikit-learn's F1 is 0 with a warning. We: undefined; nothing was there to be found.
  const Confusion nothing{0, 0, 5, 0};
  EXPECT_FALSE(f1(nothing).value.has_value());
  EXPECT_EQ(f1(nothing).flag, flag::kNothingPositive);
  // In a macro mean scikit-learn lets that 0 in when it is given the list of classes.
  const std::vector<int> reference = {0, 1, 1};
  const std::vector<int> predicted = {0, 1, 0};
  const auto matrix = ConfusionMatrix::of(reference, predicted, 3);
  const double theirs = (2.0 / 3 + 2.0 / 3 + 0) / 3;
  EXPECT_NEAR(*macro_f1(*matrix).value, 2.0 / 3, 1e-15);
  EXPECT_GT(*macro_f1(*matrix).value, theirs);
  EXPECT_EQ(macro_f1(*matrix).flag, flag::kClassesLeftOut);
}

TEST(ClassificationDisagreements, BalancedAccuracyOfOneClass) {
  // scikit-learn: the recall of the only class, here 2/3. We: undefined, as half of it is missing.
  const Confusion only_positives{2, 0, 0, 1};
  EXPECT_FALSE(balanced_accuracy(only_positives).value.has_value());
  EXPECT_EQ(balanced_accuracy(only_positives).flag, flag::kOneClass);
}

TEST(ClassificationDisagreements, LogLossOfTheCertainAndWrong) {
  // Infinite by definition; scikit-learn clips both ends at 2^-52, older releases at 1e-15. We: a
  // floor of 2^-52 under what happened only, and the number of such cases.
  const Cases cases = {{0, true}, {0.5, false}};
  const double newer = (52 * std::log(2.0) + std::log(2.0)) / 2;
  const double older = (15 * std::log(10.0) + std::log(2.0)) / 2;
  EXPECT_NEAR(*log_loss(cases)->estimate.value, newer, 1e-12);
  EXPECT_GT(newer - older, 0.7);
  EXPECT_EQ(log_loss(cases)->floored, 1);
}

TEST(ClassificationDisagreements, TopOfAConstantAnswer) {
  // scikit-learn breaks ties by the order of classes, so a constant answer is right for the last
  // class: 1/3 here. We: a tie counts against.
  const double third = 1.0 / 3;
  const std::vector<int> reference = {0, 1, 2};
  const std::vector<double> p(9, third);
  const auto cases = ClassProbabilities::of(reference, p, 3);
  EXPECT_EQ(*top_k_accuracy(*cases, 1)->value, 0);
}

TEST(ClassificationDisagreements, LikelihoodRatioOfZero) {
  // epiR: interval 0 to NaN. We: the value, no interval, and the reason.
  const Confusion table{15, 29, 165, 0};
  const Estimate ratio = negative_likelihood_ratio(table);
  EXPECT_EQ(*ratio.value, 0);
  EXPECT_FALSE(ratio.interval.has_value());
  EXPECT_EQ(ratio.flag, flag::kZeroCell);
}

TEST(RegressionDisagreements, DeterminationOfAConstantReference) {
  // scikit-learn: 1 if all is right, else 0. We: undefined.
  EXPECT_FALSE(r_squared(std::vector<MeasuredPair>{{1, 1}, {1, 1}})->value.has_value());
  EXPECT_FALSE(r_squared(std::vector<MeasuredPair>{{1, 1}, {1, 2}})->value.has_value());
}

}  // namespace
}  // namespace medperf::metrics
