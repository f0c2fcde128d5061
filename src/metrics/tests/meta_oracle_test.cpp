// Meta-analysis against metafor and statsmodels, and our floored default against fixtures made by
// hand. Who takes which side: metafor and statsmodels do not floor q, and metafor's prediction
// interval uses the quantile of its interval; ours are the named alternatives of those.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "metrics/statistics/distributions.h"
#include "metrics/statistics/meta_analysis.h"
#include "oracle_table.h"

namespace medperf::metrics {
namespace {

struct Set {
  Scale scale = Scale::kIdentity;
  std::vector<Study> studies;
};

const std::map<std::string, Set>& sets() {
  static const auto made = [] {
    std::map<std::string, Set> result;
    for (auto& row : oracle_rows("meta_inputs")) {
      Set& set = result[row["set"]];
      set.scale = row["scale"] == "logit" ? Scale::kLogit : Scale::kIdentity;
      const double value = oracle_number(row["value"]);
      const double se = oracle_number(row["se"]);
      const auto study = row["kind"] == "auc"    ? auc_study(value, se, 10, 10, set.scale)
                         : row["kind"] == "mean" ? mean_study(value, se, set.scale)
                                                 : proportion_study(std::stoll(row["events"]),
                                                                    std::stoll(row["total"]));
      EXPECT_TRUE(study.ok());
      set.studies.push_back(*study);
    }
    return result;
  }();
  return made;
}

MetaOptions options_of(const Set& set, const std::string& estimator, const std::string& interval) {
  MetaOptions options;
  options.scale = set.scale;
  options.estimator = estimator == "DL"   ? TauEstimator::kDerSimonianLaird
                      : estimator == "PM" ? TauEstimator::kPauleMandel
                                          : TauEstimator::kReml;
  if (estimator == "EE") options.model = EffectModel::kCommon;
  options.interval = interval == "z" ? IntervalMethod::kWald : IntervalMethod::kHartungKnapp;
  options.prediction = PredictionQuantile::kOfTheInterval;
  return options;
}

double working(double value, Scale scale) {
  return scale == Scale::kLogit ? std::log(value / (1 - value)) : value;
}

double quantity(const Set& set, OracleRow& row) {
  const std::string& name = row["quantity"];
  const std::size_t index = std::stoul(row["index"]);
  if (name == "effect") return set.studies[index].effect;
  if (name == "variance") return set.studies[index].variance;
  const MetaOptions options = options_of(set, row["estimator"], row["interval"]);
  const auto found = meta_analyse(set.studies, options);
  EXPECT_TRUE(found.ok());
  if (name == "leave_one_out") return leave_one_out(set.studies, options)->at(index).effect;
  const std::map<std::string, std::function<double(const MetaAnalysis&)>> read = {
      {"mean", [](auto& m) { return m.effect; }},
      {"se", [](auto& m) { return m.se; }},
      {"low", [&](auto& m) { return working(m.interval.low, set.scale); }},
      {"high", [&](auto& m) { return working(m.interval.high, set.scale); }},
      {"prediction_low", [&](auto& m) { return working(m.prediction->low, set.scale); }},
      {"prediction_high", [&](auto& m) { return working(m.prediction->high, set.scale); }},
      {"weights", [&](auto& m) { return m.weights[index]; }},
      {"tau2", [](auto& m) { return m.tau2; }},
      {"tau2_low", [](auto& m) { return m.tau2_interval.low; }},
      {"tau2_high", [](auto& m) { return m.tau2_interval.high; }},
      {"i2", [](auto& m) { return m.i2_of_tau2; }},
      {"h2", [](auto& m) { return m.h2_of_tau2; }},
      {"i2_of_q", [](auto& m) { return m.i2; }},
      {"h2_of_q", [](auto& m) { return m.h2; }},
      {"q", [](auto& m) { return m.q; }},
      {"q_p", [](auto& m) { return m.q_p_value; }},
      {"fixed", [&](auto& m) { return working(m.fixed_value, set.scale); }},
  };
  return read.at(name)(*found);
}

void compare(const std::string& peer) {
  std::size_t compared = 0;
  for (auto& row : oracle_rows(peer)) {
    SCOPED_TRACE(row["set"] + " " + row["estimator"] + " " + row["interval"] + " " +
                 row["quantity"] + " " + row["index"]);
    const double expected = oracle_number(row["value"]);
    EXPECT_NEAR(quantity(sets().at(row["set"]), row), expected,
                1e-6 * std::max(1.0, std::abs(expected)));
    ++compared;
  }
  EXPECT_GT(compared, 50u);
}

TEST(MetaOracle, EqualsMetafor) {
  compare("meta_metafor");
}

TEST(MetaOracle, EqualsStatsmodels) {
  compare("meta_statsmodels");
}

}  // namespace
}  // namespace medperf::metrics
