// Values of scikit-learn, statsmodels, scipy, pingouin, pROC and epiR (oracle/classification_*.py,
// .R) against ours, to 1e-9 where the convention is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/comparison.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/multilabel.h"
#include "metrics/classification/probability.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"
#include "metrics/statistics/bootstrap.h"
#include "oracle_table.h"

namespace medperf::metrics {
namespace {

/// Ours, by the names that the peers' files use.
using Values = std::map<std::string, double>;

void put(Values& values, const std::string& name, const Estimate& estimate) {
  ASSERT_TRUE(estimate.value.has_value()) << name << " " << estimate.flag;
  values[name] = *estimate.value;
  if (estimate.se) values[name + "_se"] = *estimate.se;
  if (!estimate.interval) return;
  values[name + "_low"] = estimate.interval->low;
  values[name + "_high"] = estimate.interval->high;
}

/// Every row of `file` about `set` has a value of ours within 1e-9 (relative above 1); returns how
/// many there were.
int compare(const std::string& file, const std::string& set, const Values& ours) {
  int compared = 0;
  for (const auto& row : oracle_rows(file)) {
    if (row.at("set") != set) continue;
    const std::string& quantity = row.at("quantity");
    const auto found = ours.find(quantity);
    if (found == ours.end()) {
      ADD_FAILURE() << "nothing of ours for " << quantity;
      continue;
    }
    const double expected = oracle_number(row.at("value"));
    EXPECT_NEAR(found->second, expected, 1e-9 * std::max(1.0, std::abs(expected)))
        << row.at("peer") << " " << set << " " << quantity;
    ++compared;
  }
  return compared;
}

struct BinarySet {
  std::vector<ScoredCase> first;
  std::vector<ScoredCase> second;
  std::vector<PairedScore> both;
};

std::map<std::string, BinarySet> binary_sets() {
  std::map<std::string, BinarySet> sets;
  for (const auto& row : oracle_rows("classification_binary")) {
    const double a = oracle_number(row.at("first"));
    const double b = oracle_number(row.at("second"));
    const bool positive = row.at("positive") == "1";
    auto& set = sets[row.at("set")];
    set.first.push_back({a, positive});
    set.second.push_back({b, positive});
    set.both.push_back({a, b, positive});
  }
  return sets;
}

Values decision_values(const BinarySet& set) {
  Values ours;
  const Confusion table = *confusion_at(set.first, 0.5);
  put(ours, "f1", f1(table));
  put(ours, "mcc", matthews(table));
  put(ours, "balanced_accuracy", balanced_accuracy(table));
  put(ours, "youden", youden_index(table));
  for (const std::string name : {"lr_positive", "lr.pos"}) {
    put(ours, name, positive_likelihood_ratio(table));
  }
  for (const std::string name : {"lr_negative", "lr.neg"}) {
    put(ours, name, negative_likelihood_ratio(table));
  }
  std::vector<std::uint8_t> right, also;
  for (const PairedScore& one : set.both) {
    right.push_back((one.first >= 0.5) == one.positive ? 1 : 0);
    also.push_back((one.second >= 0.5) == one.positive ? 1 : 0);
  }
  ours["mcnemar_exact"] = mcnemar(right, also)->exact_p_value;
  return ours;
}

Values score_values(const BinarySet& set) {
  Values ours;
  put(ours, "auroc", auc(set.first)->estimate);
  put(ours, "auroc_second", auc(set.second)->estimate);
  put(ours, "average_precision", *average_precision(set.first));
  put(ours, "auprc_trapezoid", *auprc_trapezoid(set.first));
  put(ours, "brier", *brier_score(set.first));
  put(ours, "log_loss", log_loss(set.first)->estimate);
  put(ours, "ece", calibration(set.first)->expected_error);
  const auto points = operating_points(set.first, true);
  ours["largest_youden"] = *youden_index(largest_youden(*points)->table).value;
  const auto recalibrated = recalibrate(set.first);
  put(ours, "slope", recalibrated->slope);
  put(ours, "intercept", recalibrated->intercept);
  put(ours, "in_the_large", recalibrated->in_the_large);
  const auto paired = compare_auc(set.both);
  ours["delong_z"] = *paired->z;
  ours["delong_p"] = *paired->p_value;
  ours["delong_low"] = paired->difference.interval->low;
  ours["delong_high"] = paired->difference.interval->high;
  return ours;
}

TEST(ClassificationOracle, TwoClasses) {
  const auto sets = binary_sets();
  ASSERT_EQ(sets.size(), 3U);
  for (const auto& [name, set] : sets) {
    Values ours = decision_values(set);
    ours.merge(score_values(set));
    EXPECT_EQ(compare("classification_python", name, ours), 24) << name;
    EXPECT_GE(compare("classification_r", name, ours), 12) << name;
  }
}

TEST(ClassificationOracle, FourClasses) {
  std::vector<int> reference, called;
  std::vector<double> probabilities;
  for (const auto& row : oracle_rows("classification_classes")) {
    reference.push_back(static_cast<int>(oracle_number(row.at("reference"))));
    std::vector<double> p;
    double sum = 0;
    for (const char* column : {"p0", "p1", "p2", "p3"}) {
      p.push_back(oracle_number(row.at(column)));
      sum += p.back();
    }
    for (double& one : p) one /= sum;  // as the generator did for scikit-learn
    called.push_back(static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin()));
    probabilities.insert(probabilities.end(), p.begin(), p.end());
  }
  const auto matrix = ConfusionMatrix::of(reference, called, 4);
  const auto cases = ClassProbabilities::of(reference, probabilities, 4);
  ASSERT_TRUE(matrix.ok() && cases.ok());
  Values ours;
  put(ours, "f1_macro", macro_f1(*matrix));
  put(ours, "f1_micro", micro_f1(*matrix));
  put(ours, "f1_weighted", weighted_f1(*matrix));
  put(ours, "mcc", gorodkin(*matrix));
  put(ours, "balanced_accuracy", macro_recall(*matrix));
  put(ours, "kappa_none", cohen_kappa(*matrix));
  put(ours, "kappa_linear", cohen_kappa(*matrix, KappaWeights::kLinear));
  put(ours, "kappa_quadratic", cohen_kappa(*matrix, KappaWeights::kQuadratic));
  put(ours, "log_loss", log_loss(*cases).estimate);
  put(ours, "brier", brier_score(*cases));
  put(ours, "auroc_ovr_macro", one_vs_rest_auroc(*cases));
  put(ours, "auroc_ovr_weighted", one_vs_rest_auroc(*cases, true));
  put(ours, "auroc_ovo", hand_till_auroc(*cases));
  for (const int k : {1, 2, 3}) put(ours, "top_" + std::to_string(k), *top_k_accuracy(*cases, k));
  EXPECT_EQ(compare("classification_python", "classes", ours), 19);
}

TEST(ClassificationOracle, FiveLabels) {
  std::vector<std::uint8_t> reference, called;
  std::vector<double> scores;
  for (const auto& row : oracle_rows("classification_labels")) {
    for (const char* label : {"0", "1", "2", "3", "4"}) {
      reference.push_back(row.at(std::string("r") + label) == "1" ? 1 : 0);
      scores.push_back(oracle_number(row.at(std::string("s") + label)));
      called.push_back(scores.back() >= 0.5 ? 1 : 0);
    }
  }
  const auto tables = label_tables(reference, called, 5);
  ASSERT_TRUE(tables.ok());
  Values ours;
  put(ours, "f1_macro", macro_f1(*tables));
  put(ours, "f1_micro", micro_f1(*tables));
  put(ours, "subset_accuracy", subset_accuracy(*tables));
  put(ours, "hamming", hamming_loss(*tables));
  put(ours, "auroc_macro", *macro_auroc(reference, scores, 5));
  EXPECT_EQ(compare("classification_python", "labels", ours), 5);
}

TEST(RegressionOracle, Pairs) {
  std::map<std::string, std::vector<MeasuredPair>> sets;
  for (const auto& row : oracle_rows("regression_pairs")) {
    sets[row.at("set")].push_back(
        {oracle_number(row.at("reference")), oracle_number(row.at("predicted"))});
  }
  ASSERT_EQ(sets.size(), 2U);
  for (const auto& [name, cases] : sets) {
    Values ours;
    put(ours, "mae", *mean_absolute_error(cases));
    put(ours, "rmse", *root_mean_squared_error(cases));
    put(ours, "r2", *r_squared(cases));
    put(ours, "bias", *mean_error(cases));
    put(ours, "spearman", *spearman(cases));
    put(ours, "pearson", *pearson(cases));
    put(ours, "ccc", *concordance(cases));
    EXPECT_EQ(compare("classification_python", name, ours), 8);
    EXPECT_EQ(compare("classification_r", name, ours), 3);
  }
}

TEST(RegressionOracle, IntraclassCorrelations) {
  std::vector<double> ratings;
  for (const auto& row : oracle_rows("regression_ratings")) {
    for (const char* rater : {"r0", "r1", "r2", "r3"}) {
      ratings.push_back(oracle_number(row.at(rater)));
    }
  }
  const auto icc = intraclass_correlations(ratings, 4);
  ASSERT_TRUE(icc.ok());
  Values ours;
  put(ours, "ICC(1,1)", icc->one_way);
  put(ours, "ICC(A,1)", icc->agreement);
  put(ours, "ICC(C,1)", icc->consistency);
  EXPECT_EQ(compare("classification_python", "ratings", ours), 9);
}

TEST(BootstrapOracle, IntervalsOfOneDistribution) {
  std::vector<double> sample, replicates;
  Values expected;
  for (const auto& row : oracle_rows("bootstrap_scipy")) {
    const double value = oracle_number(row.at("value"));
    if (row.at("kind") == "case") {
      sample.push_back(value);
    } else if (row.at("kind") == "replicate") {
      replicates.push_back(value);
    } else {
      expected[row.at("kind")] = value;
    }
  }
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  Jackknife jackknife;
  jackknife.strata.emplace_back();
  for (std::size_t i = 0; i < sample.size(); ++i) {
    std::vector<double> rest = sample;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    jackknife.strata.front().push_back(mean(rest));
  }
  const auto plain = summarise_bootstrap(mean(sample), replicates, 0, {});
  EXPECT_NEAR(plain.estimate.interval->low, expected["percentile_low"], 1e-9);
  EXPECT_NEAR(plain.estimate.interval->high, expected["percentile_high"], 1e-9);
  EXPECT_NEAR(*plain.estimate.se, expected["se"], 1e-9);
  BootstrapOptions options;
  options.interval = BootstrapInterval::kBca;
  const auto bca = summarise_bootstrap(mean(sample), replicates, 0, options, jackknife);
  EXPECT_NEAR(bca.estimate.interval->low, expected["bca_low"], 1e-9);
  EXPECT_NEAR(bca.estimate.interval->high, expected["bca_high"], 1e-9);
}

}  // namespace
}  // namespace medperf::metrics
