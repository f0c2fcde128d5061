#include "cli/commands/aggregate_table.h"

#include <gtest/gtest.h>

namespace medperf::cli {
namespace {

std::string table_of(std::string_view aggregate) {
  auto document = parse_json(aggregate);
  EXPECT_TRUE(document.ok());
  return aggregate_text(*document, site::Benchmark{});
}

TEST(AggregateTable, RoundsEveryFigureToThreeDigits) {
  const std::string text = table_of(R"({"figures": [
      {"key": "n", "name": "n", "merge": "sum", "ranking": false},
      {"key": "auc", "name": "AUC", "merge": "random-effects-logit", "ranking": true},
      {"key": "sensitivity", "name": "Sensitivity", "merge": "random-effects-logit"},
      {"key": "missing", "name": "Missing", "merge": "none"}],
    "models": [{"name": "m", "sites": [{"site": "a", "figures": {"n": 7,
      "auc": {"value": 1, "low": 0.98765, "high": 1},
      "sensitivity": {"value": 0.5, "low": 0.4, "high": 0.6}, "missing": {"value": null}}}]}]})");
  EXPECT_NE(text.find("AUC [95 % CI]"), std::string::npos) << text;
  EXPECT_NE(text.find("  7  "), std::string::npos) << text;
  EXPECT_NE(text.find("1.000 [0.988, 1.000]"), std::string::npos) << text;
  EXPECT_NE(text.find("0.500"), std::string::npos) << text;
  EXPECT_NE(text.find("–"), std::string::npos) << text;
}

TEST(AggregateTable, TellsAWarningOnceForAllItsMetrics) {
  const std::string text = table_of(R"({"models": [{"name": "m", "sites": [], "pooled": {
      "figures": {"auc": {"value": 0.9, "low": 0.8, "high": 0.95}},
      "heterogeneity": {"i2": 0.5, "tau2": 0.1, "q": 9.5, "df": 4, "p": 0.0001},
      "warnings": ["AUC: few sites.", "Sensitivity: few sites.", "Sensitivity: corrected.", "alone"]}}]})");
  EXPECT_NE(text.find("m: warning: AUC, Sensitivity: few sites.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("m: warning: Sensitivity: corrected.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("m: warning: alone\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Q 9.5 (df 4, p < 0.001)"), std::string::npos) << text;
}

TEST(AggregateTable, ShowsTheCasesOfAllSitesWithBoundAndConvention) {
  const std::string text = table_of(R"({"models": [{"name": "m", "sites": [], "pooled": {
      "figures": {}, "cases": {"sites": 3, "n_cases": 90, "figures": [
        {"metric": "auroc", "name": "AUROC", "of": "", "value": 0.9, "low": 0.8, "high": 0.95,
         "bound": 0.0021, "flag": "ok", "convention": "auroc-histogram-delong/1"},
        {"metric": "dice", "name": "Dice", "of": "WT", "value": 0.75, "low": null, "high": null,
         "bound": 0, "flag": "patients_repeat", "convention": "exact-moments/1"}]}}}]})");
  EXPECT_NE(text.find("All cases as if in one list"), std::string::npos) << text;
  EXPECT_NE(text.find("0.900 [0.800, 0.950]"), std::string::npos) << text;
  EXPECT_NE(text.find("±2.1e-03"), std::string::npos) << text;
  EXPECT_NE(text.find("auroc-histogram-delong/1"), std::string::npos) << text;
  EXPECT_NE(text.find("Dice WT"), std::string::npos) << text;
  EXPECT_NE(text.find("0.750 (patients_repeat)"), std::string::npos) << text;
  EXPECT_NE(text.find("exact"), std::string::npos) << text;
}

}  // namespace
}  // namespace medperf::cli
