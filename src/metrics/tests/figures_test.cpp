#include "metrics/figures.h"

#include <gtest/gtest.h>

#include "metrics/classification/auc.h"
#include "metrics/classification/threshold.h"
#include "metrics/regression/errors.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {
namespace {

template <typename Figure>
void expect_ids_of_vocabulary(std::span<const Figure> figures) {
  std::string_view before;
  for (const Figure& one : figures) {
    EXPECT_NE(find_metric(one.id), nullptr) << one.id;
    EXPECT_LT(before, one.id);  // in order, so that none is there twice
    before = one.id;
    EXPECT_EQ(find_figure(figures, one.id), &one);
  }
  EXPECT_EQ(find_figure(figures, "dice"), nullptr);
}

TEST(Figures, HaveIdsOfTheVocabulary) {
  expect_ids_of_vocabulary(scored_figures());
  expect_ids_of_vocabulary(measured_figures());
  expect_ids_of_vocabulary(matrix_figures());
  expect_ids_of_vocabulary(probability_figures());
}

const std::vector<ScoredCase> kCases = {{0.9, true},  {0.7, false}, {0.6, true}, {0.4, true},
                                        {0.3, false}, {0.2, false}, {0.1, false}};

Estimate scored(std::string_view id, const FigureOptions& options) {
  return find_figure(scored_figures(), id)->of(kCases, options).value();
}

TEST(Figures, FollowTheOptions) {
  FigureOptions options;
  EXPECT_DOUBLE_EQ(*scored("sensitivity", options).value, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*scored("specificity", options).value, 3.0 / 4);
  EXPECT_DOUBLE_EQ(*scored("auroc", options).value, 10.0 / 12);
  const Estimate wilson = scored("sensitivity", options);
  options.threshold = 0.65;
  EXPECT_DOUBLE_EQ(*scored("sensitivity", options).value, 1.0 / 3);
  // 1 of 7 true and 1 of 7 false positives, the latter at odds of 0.65 to 0.35.
  EXPECT_DOUBLE_EQ(*scored("net-benefit", options).value, (1 - 0.65 / 0.35) / 7);
  options.threshold = 0.5;
  options.intervals.proportions = ProportionInterval::kClopperPearson;
  EXPECT_GT(scored("sensitivity", options).interval->high, wilson.interval->high);
  options.intervals.level = 0.5;
  EXPECT_LT(scored("sensitivity", options).interval->high, wilson.interval->high);
}

TEST(Figures, KappaOfTwoClasses) {
  // 2 true and 1 false positive, 3 true and 1 false negative of 7: (5/7 - 25/49) / (1 - 25/49).
  EXPECT_DOUBLE_EQ(*cohen_kappa(Confusion{2, 1, 3, 1}).value, 10.0 / 24);
  EXPECT_EQ(scored("kappa", {}).value, cohen_kappa(Confusion{2, 1, 3, 1}).value);
}

TEST(Figures, RefuseWhatTheMetricRefuses) {
  const std::vector<ScoredCase> scores = {{7, true}, {-1, false}};
  EXPECT_TRUE(find_figure(scored_figures(), "auroc")->of(scores, {}));
  EXPECT_FALSE(find_figure(scored_figures(), "brier")->of(scores, {}));
}

}  // namespace
}  // namespace medperf::metrics
