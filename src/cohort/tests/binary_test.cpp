#include <gtest/gtest.h>

#include <cmath>

#include "cohort/binary_evaluation.h"
#include "cohort/binary_tables.h"

namespace medperf::cohort {
namespace {

constexpr std::string_view kLabels = "case_id,label\nc1,1\nc2,1\nc3,0\nc4,0\nc5,1\n";
constexpr std::string_view kPredictions = "case_id,score\nc4,0.3\nc1,0.8\nc2,0.6\nc3,0.6\nc5,0.4\n";

std::string problem(std::string_view predictions, std::string_view labels = kLabels) {
  const auto result = evaluate_binary_tables(predictions, labels, {}, {});
  return result.ok() ? "" : result.error().where + ": " + result.error().what;
}

TEST(BinaryEvaluation, GivesTheWholeResultDocument) {
  const auto result = evaluate_binary_tables(kPredictions, kLabels, {}, {});
  ASSERT_TRUE(result.ok()) << result.error().text();
  EXPECT_EQ(result->get_int("n"), 5);
  EXPECT_EQ(result->get_int("n_positive"), 3);
  EXPECT_EQ(result->get_int("n_negative"), 2);
  EXPECT_EQ(result->find("threshold")->as_double(), 0.5);
  EXPECT_EQ(result->find_path({"auc", "value"})->as_double(), 0.75);
  EXPECT_NEAR(result->find_path({"auc", "se"})->as_double(), std::sqrt(1.0 / 12), 1e-15);
  EXPECT_EQ(result->find_path({"auc", "flag"})->as_string(), "ok");
  EXPECT_DOUBLE_EQ(result->find_path({"sensitivity", "value"})->as_double(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(result->find_path({"specificity", "value"})->as_double(), 0.5);
  EXPECT_DOUBLE_EQ(result->find_path({"accuracy", "value"})->as_double(), 0.6);
  EXPECT_EQ(result->find_path({"counts", "tp"})->as_int(), 2);
  EXPECT_EQ(result->find_path({"counts", "fp"})->as_int(), 1);
  EXPECT_EQ(result->find_path({"counts", "tn"})->as_int(), 1);
  EXPECT_EQ(result->find_path({"counts", "fn"})->as_int(), 1);
  EXPECT_EQ(result->find_path({"conventions", "auc"})->as_string(), "auroc-mann-whitney-delong");
  EXPECT_EQ(result->find_path({"conventions", "proportions"})->as_string(), "wilson");
}

TEST(BinaryEvaluation, NumbersSurviveTheirTextUnrounded) {
  const auto result = evaluate_binary_tables(kPredictions, kLabels, {}, {});
  const auto again = parse_json(to_text(*result));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->find_path({"auc", "se"})->as_double(),
            result->find_path({"auc", "se"})->as_double());
}

TEST(BinaryEvaluation, OneClassIsNullWithItsReason) {
  const auto result =
      evaluate_binary_tables("case_id,score\na,0.1\nb,0.9\n", "case_id,label\na,1\nb,1\n", {}, {});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->find_path({"auc", "value"})->is_null());
  EXPECT_TRUE(result->find_path({"auc", "low"})->is_null());
  EXPECT_EQ(result->find_path({"auc", "flag"})->as_string(), "one_class");
  EXPECT_TRUE(result->find_path({"specificity", "value"})->is_null());
  EXPECT_EQ(result->find_path({"specificity", "flag"})->as_string(), "no_negatives");
}

TEST(BinaryEvaluation, WhatDoesNotMatchIsNamedByRow) {
  EXPECT_EQ(problem("case_id,score\nc4,0.3\nc1,0.8\nc2,0.6\nc3,0.6\n"),
            "labels.csv: row 5: its case has no prediction");
  EXPECT_EQ(problem(std::string(kPredictions) + "c9,0.1\n"),
            "predictions.csv: row 6: its case has no label");
  EXPECT_EQ(problem(std::string(kPredictions) + "c1,0.1\n"),
            "predictions.csv: row 6: it repeats the case_id of row 2");
  EXPECT_EQ(problem(kPredictions, "case_id,label\nc1,1\nc1,0\n"),
            "labels.csv: row 2: it repeats the case_id of row 1");
  EXPECT_EQ(problem(kPredictions, "case_id,label\nc1,\n"),
            "labels.csv: row 1: the label is missing");
  EXPECT_EQ(problem(kPredictions, "case_id,label\nc1,2\n"),
            "labels.csv: row 1: the label is neither 0 nor 1");
  EXPECT_EQ(problem("case_id,score\nc1,nan\n"),
            "predictions.csv: row 1: the score is not a finite number");
  EXPECT_EQ(problem("case_id,score\nc1,-inf\n"),
            "predictions.csv: row 1: the score is not a finite number");
  EXPECT_EQ(problem("case_id,score\nc1,\n"), "predictions.csv: row 1: the score is missing");
  EXPECT_EQ(problem("case_id,score\nc1,0.5x\n"),
            "predictions.csv: row 1: the score is not a number");
  EXPECT_EQ(problem("case_id,score\n,0.5\n"), "predictions.csv: row 1: the case_id is empty");
  EXPECT_EQ(problem("case,score\nc1,0.5\n"),
            "predictions.csv: header: the columns are not case_id and score");
  EXPECT_EQ(problem("case_id,score,why\nc1,0.5,x\n"), "predictions.csv: header: too many columns");
  EXPECT_EQ(problem("case_id,score\nc1,1\nc2,1\nc3,1.5\nc4,1\nc5,1\n"),
            "case 3: its score is not a probability");
}

TEST(BinaryEvaluation, MessagesHoldNoCaseId) {
  const auto result =
      evaluate_binary_tables("case_id,score\nMiller,0.5\nMiller,0.5\n", kLabels, {}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().text().find("Miller"), std::string::npos);
}

TEST(BinaryEvaluation, ThresholdAndProbabilityRuleAreOptions) {
  BinaryOptions options;
  options.probabilities = false;
  options.threshold = 2;
  const auto result =
      evaluate_binary_tables("case_id,score\na,1\nb,3\n", "case_id,label\na,0\nb,1\n", {}, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->find_path({"sensitivity", "value"})->as_double(), 1);
  EXPECT_EQ(result->find_path({"specificity", "value"})->as_double(), 1);
}

}  // namespace
}  // namespace medperf::cohort
