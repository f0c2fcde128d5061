#include "metrics/classification/confusion_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "metrics/classification/multiclass.h"
#include "metrics/classification/multilabel.h"

namespace medperf::metrics {
namespace {

ConfusionMatrix matrix_of(const std::vector<std::vector<std::int64_t>>& counts) {
  auto matrix = *ConfusionMatrix::empty(static_cast<int>(counts.size()));
  for (int i = 0; i < matrix.classes(); ++i) {
    for (int j = 0; j < matrix.classes(); ++j) {
      matrix.add(i, j, counts[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]);
    }
  }
  return matrix;
}

TEST(ConfusionMatrix, CountsAndOneAgainstRest) {
  const std::vector<int> reference = {0, 0, 1, 2, 2, 2};
  const std::vector<int> predicted = {0, 1, 1, 2, 0, 2};
  const auto matrix = ConfusionMatrix::of(reference, predicted, 3);
  ASSERT_TRUE(matrix.ok());
  EXPECT_EQ(matrix->count(2, 0), 1);
  EXPECT_EQ(matrix->total(), 6);
  const Confusion table = matrix->one_against_rest(2);
  EXPECT_EQ(table.tp, 2);
  EXPECT_EQ(table.fn, 1);
  EXPECT_EQ(table.fp, 0);
  EXPECT_EQ(table.tn, 3);
  EXPECT_NEAR(*accuracy(*matrix).value, 4.0 / 6, 1e-15);
  EXPECT_EQ(*micro_f1(*matrix).value, *accuracy(*matrix).value);
  // F1: 2/4, 2/3, 4/5.
  EXPECT_NEAR(*macro_f1(*matrix).value, (0.5 + 2.0 / 3 + 0.8) / 3, 1e-15);
  EXPECT_NEAR(*weighted_f1(*matrix).value, (2 * 0.5 + 2.0 / 3 + 3 * 0.8) / 6, 1e-15);
  EXPECT_NEAR(*macro_recall(*matrix).value, (0.5 + 1 + 2.0 / 3) / 3, 1e-15);
}

TEST(ConfusionMatrix, TwoClassesAreTheTwoByTwoTable) {
  const auto matrix = matrix_of({{70, 30}, {10, 90}});
  const Confusion table{90, 30, 70, 10};
  EXPECT_NEAR(*gorodkin(matrix).value, *matthews(table).value, 1e-15);
  EXPECT_NEAR(*cohen_kappa(matrix).value, (0.8 - 0.5) / 0.5, 1e-15);
  for (const auto weights : {KappaWeights::kLinear, KappaWeights::kQuadratic}) {
    EXPECT_NEAR(*cohen_kappa(matrix, weights).value, *cohen_kappa(matrix).value, 1e-15);
    EXPECT_NEAR(*cohen_kappa(matrix, weights).se, *cohen_kappa(matrix).se, 1e-15);
  }
}

TEST(ConfusionMatrix, NamesOfClassesDoNotMatter) {
  const auto matrix = matrix_of({{5, 2, 1}, {0, 7, 3}, {2, 2, 9}});
  const auto renamed = matrix_of({{9, 2, 2}, {1, 5, 2}, {3, 0, 7}});  // 0 1 2 -> 1 2 0
  EXPECT_NEAR(*gorodkin(matrix).value, *gorodkin(renamed).value, 1e-15);
  EXPECT_NEAR(*cohen_kappa(matrix).value, *cohen_kappa(renamed).value, 1e-15);
  EXPECT_NEAR(*macro_f1(matrix).value, *macro_f1(renamed).value, 1e-15);
  // With weights the order is meant, and matters.
  EXPECT_GT(std::abs(*cohen_kappa(matrix, KappaWeights::kQuadratic).value -
                     *cohen_kappa(renamed, KappaWeights::kQuadratic).value),
            1e-3);
}

TEST(ConfusionMatrix, PerfectAndOpposite) {
  const auto perfect = matrix_of({{5, 0, 0}, {0, 7, 0}, {0, 0, 9}});
  EXPECT_NEAR(*gorodkin(perfect).value, 1, 1e-15);
  EXPECT_NEAR(*cohen_kappa(perfect).value, 1, 1e-15);
  EXPECT_EQ(*macro_f1(perfect).value, 1);
  const auto opposite = matrix_of({{0, 6}, {6, 0}});
  EXPECT_NEAR(*gorodkin(opposite).value, -1, 1e-15);
  EXPECT_NEAR(*cohen_kappa(opposite).value, -1, 1e-15);
}

TEST(ConfusionMatrix, KappaOfATableWithoutSpreadHasNoInterval) {
  for (int a = 1; a <= 12; ++a) {
    for (int b = 1; b <= 12; ++b) {
      for (const auto weights :
           {KappaWeights::kNone, KappaWeights::kLinear, KappaWeights::kQuadratic}) {
        const auto perfect = cohen_kappa(matrix_of({{a, 0, 0}, {0, b, 0}, {0, 0, 3}}), weights);
        EXPECT_EQ(*perfect.value, 1);
        EXPECT_EQ(*perfect.se, 0);
        EXPECT_FALSE(perfect.interval.has_value());
        EXPECT_EQ(perfect.flag, flag::kNoVariance);
        const auto one_off = cohen_kappa(matrix_of({{a, 1, 0}, {0, b, 0}, {0, 0, 3}}), weights);
        EXPECT_TRUE(one_off.interval.has_value());
        EXPECT_GT(*one_off.se, 1e-3);
      }
    }
    const auto opposite = cohen_kappa(matrix_of({{0, a}, {a, 0}}));
    EXPECT_NEAR(*opposite.value, -1, 1e-15);
    EXPECT_EQ(*opposite.se, 0);
    EXPECT_EQ(opposite.flag, flag::kNoVariance);
  }
}

TEST(ConfusionMatrix, UndefinedIsAValueOfItsOwn) {
  const auto nothing = *ConfusionMatrix::empty(3);
  for (const Estimate& estimate :
       {accuracy(nothing), macro_f1(nothing), micro_f1(nothing), weighted_f1(nothing),
        macro_recall(nothing), gorodkin(nothing), cohen_kappa(nothing)}) {
    EXPECT_FALSE(estimate.value.has_value());
    EXPECT_EQ(estimate.flag, flag::kNoCases);
  }
  const auto single = matrix_of({{4, 0, 0}, {0, 0, 0}, {0, 0, 0}});
  EXPECT_EQ(*gorodkin(single).value, 0);
  EXPECT_EQ(gorodkin(single).flag, flag::kDegenerate);
  EXPECT_FALSE(cohen_kappa(single).value.has_value());
  EXPECT_EQ(cohen_kappa(single).flag, flag::kDegenerate);
  EXPECT_EQ(macro_recall(single).flag, flag::kOneClass);
  EXPECT_FALSE(macro_recall(single).value.has_value());
  // A class that nobody has is left out of the mean, and the flag says so.
  const auto two = matrix_of({{4, 1, 0}, {0, 5, 0}, {0, 0, 0}});
  EXPECT_NEAR(*macro_f1(two).value, (8.0 / 9 + 10.0 / 11) / 2, 1e-15);
  EXPECT_EQ(macro_f1(two).flag, flag::kClassesLeftOut);
  EXPECT_EQ(macro_recall(two).flag, flag::kClassesLeftOut);
}

TEST(ConfusionMatrix, RefusesWhatDoesNotFit) {
  const std::vector<int> reference = {0, 1};
  EXPECT_FALSE(ConfusionMatrix::of(reference, std::vector<int>{0}, 2).ok());
  EXPECT_EQ(ConfusionMatrix::of(reference, std::vector<int>{0, 2}, 2).error().where, "case 2");
  EXPECT_FALSE(ConfusionMatrix::of(std::vector<int>{-1}, std::vector<int>{0}, 2).ok());
  EXPECT_FALSE(ConfusionMatrix::empty(1).ok());
  EXPECT_FALSE(ConfusionMatrix::empty(1 << 30).ok());
}

TEST(MultiClass, TwoClassesAreTheBinaryFigures) {
  const std::vector<int> reference = {1, 0, 1, 0, 0};
  const std::vector<double> p = {0.2, 0.8, 0.5, 0.5, 0.6, 0.4, 0.9, 0.1, 0.3, 0.7};
  const auto cases = ClassProbabilities::of(reference, p, 2);
  ASSERT_TRUE(cases.ok());
  std::vector<ScoredCase> binary;
  for (std::size_t i = 0; i < 5; ++i) binary.push_back({p[2 * i + 1], reference[i] == 1});
  EXPECT_NEAR(*brier_score(*cases).value, 2 * *brier_score(binary)->value, 1e-15);
  EXPECT_NEAR(*log_loss(*cases).estimate.value, *log_loss(binary)->estimate.value, 1e-15);
  // 4 of 6 wins: 0.8 beats all three, 0.4 only 0.1.
  EXPECT_NEAR(*one_vs_rest_auroc(*cases).value, 4.0 / 6, 1e-15);
  EXPECT_NEAR(*hand_till_auroc(*cases).value, 4.0 / 6, 1e-15);
}

TEST(MultiClass, HandTillIgnoresPrevalence) {
  const std::vector<int> reference = {0, 0, 1, 1, 2, 2};
  const std::vector<double> p = {.6, .3, .1, .4, .5, .1, .2, .5, .3,
                                 .5, .3, .2, .1, .2, .7, .3, .4, .3};
  const auto once = ClassProbabilities::of(reference, p, 3);
  auto more_reference = reference;
  auto more_p = p;
  for (int copy = 0; copy < 5; ++copy) {  // class 0 six times as often
    more_reference.insert(more_reference.end(), reference.begin(), reference.begin() + 2);
    more_p.insert(more_p.end(), p.begin(), p.begin() + 6);
  }
  const auto more = ClassProbabilities::of(more_reference, more_p, 3);
  EXPECT_NEAR(*hand_till_auroc(*once).value, *hand_till_auroc(*more).value, 1e-15);
  EXPECT_GT(std::abs(*one_vs_rest_auroc(*once).value - *one_vs_rest_auroc(*more).value), 1e-3);
}

TEST(MultiClass, TopKCountsTiesAgainst) {
  const std::vector<int> reference = {0, 1, 2, 2};
  const double third = 1.0 / 3;
  const std::vector<double> p = {0.5, 0.5, 0, 0.2, 0.3, 0.5, third, third, third, 0, 0.4, 0.6};
  const auto cases = ClassProbabilities::of(reference, p, 3);
  EXPECT_EQ(*top_k_accuracy(*cases, 1)->value, 0.25);
  EXPECT_EQ(*top_k_accuracy(*cases, 2)->value, 0.75);
  EXPECT_EQ(*top_k_accuracy(*cases, 3)->value, 1);
  EXPECT_FALSE(top_k_accuracy(*cases, 0).ok());
  EXPECT_FALSE(top_k_accuracy(*cases, 4).ok());
}

TEST(MultiClass, UndefinedAndInvalid) {
  const std::vector<double> p = {0.5, 0.3, 0.2, 0.1, 0.8, 0.1};
  const std::vector<int> reference = {0, 1};
  const auto cases = ClassProbabilities::of(reference, p, 3);
  EXPECT_EQ(one_vs_rest_auroc(*cases).flag, flag::kClassMissing);
  EXPECT_EQ(hand_till_auroc(*cases).flag, flag::kClassMissing);
  EXPECT_EQ(hand_till_auroc(*ClassProbabilities::of({}, {}, 3)).flag, flag::kNoCases);
  EXPECT_FALSE(ClassProbabilities::of(reference, std::vector<double>{1, 0}, 2).ok());
  EXPECT_EQ(ClassProbabilities::of(reference, std::vector<double>{1, 0, 0.5, 0.4}, 2).error().where,
            "case 2");
  EXPECT_FALSE(ClassProbabilities::of(reference, std::vector<double>{1, 0, 1.5, -0.5}, 2).ok());
  const std::vector<double> not_a_number = {1, 0, std::nan(""), 0.5};
  EXPECT_FALSE(ClassProbabilities::of(reference, not_a_number, 2).ok());
  EXPECT_FALSE(ClassProbabilities::of(std::vector<int>{2}, std::vector<double>{1, 0}, 2).ok());
}

TEST(MultiLabel, ByHand) {
  // Two cases, three labels; the last label is nobody's.
  const std::vector<std::uint8_t> reference = {1, 0, 0, 1, 1, 0};
  const std::vector<std::uint8_t> called = {1, 0, 0, 0, 1, 0};
  const auto tables = label_tables(reference, called, 3);
  EXPECT_NEAR(*macro_f1(*tables).value, (2.0 / 3 + 1) / 2, 1e-15);
  EXPECT_EQ(macro_f1(*tables).flag, flag::kLabelsLeftOut);
  EXPECT_NEAR(*micro_f1(*tables).value, 4.0 / 5, 1e-15);
  EXPECT_EQ(*subset_accuracy(*tables).value, 0.5);
  EXPECT_NEAR(*hamming_loss(*tables).value, 1.0 / 6, 1e-15);
  const std::vector<double> scores = {0.9, 0.1, 0.2, 0.4, 0.6, 0.3};
  EXPECT_EQ(*macro_auroc(reference, scores, 3)->value, 1);
  EXPECT_EQ(macro_auroc(reference, scores, 3)->flag, flag::kLabelsLeftOut);
}

TEST(MultiLabel, UndefinedAndInvalid) {
  const auto nothing = label_tables({}, {}, 4);
  EXPECT_EQ(macro_f1(*nothing).flag, flag::kNoCases);
  EXPECT_EQ(micro_f1(*nothing).flag, flag::kNoCases);
  EXPECT_EQ(hamming_loss(*nothing).flag, flag::kNoCases);
  EXPECT_EQ(subset_accuracy(*nothing).flag, flag::kNoCases);
  const std::vector<std::uint8_t> none = {0, 0};
  EXPECT_EQ(macro_f1(*label_tables(none, none, 2)).flag, flag::kNothingPositive);
  EXPECT_EQ(micro_f1(*label_tables(none, none, 2)).flag, flag::kNothingPositive);
  EXPECT_FALSE(label_tables(none, std::vector<std::uint8_t>{0}, 2).ok());
  EXPECT_FALSE(label_tables(std::vector<std::uint8_t>(3), std::vector<std::uint8_t>(3), 2).ok());
  EXPECT_FALSE(label_tables(none, none, 0).ok());
  EXPECT_EQ(macro_auroc(none, std::vector<double>{1, 2}, 1)->flag, flag::kOneClass);
}

}  // namespace
}  // namespace medperf::metrics
