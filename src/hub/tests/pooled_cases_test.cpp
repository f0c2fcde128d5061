// All cases of all sites from the summaries in their results: the same as one machine with all
// cases says, and shown only as the release policy allows.

#include <vector>

#include "hub/release/pooled_cases.h"
#include "hub/tests/signed_results.h"
#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/pooling/summary_json.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::hub {
namespace {

using metrics::ScoredCase;
using metrics::SiteSummary;

constexpr double kThreshold = 0.5;
constexpr std::string_view kPolicy = R"({"medperf": "medperf/release/v1",
  "release": {"dataset_owner": "own-row+pooled", "benchmark_owner": "pooled"},
  "minimum_sites_for_pooled": 3})";

Json study_schema() {
  return parse_json(
             read_file(MEDPERF_SOURCE_DIR "/docs/schemas/examples/result-schema-summary.json")
                 .value())
      .value();
}

/// Cases whose scores are calibrated, more or less.
std::vector<ScoredCase> random_cases(std::uint64_t seed, std::size_t count) {
  metrics::RandomStream random(seed, 0);
  std::vector<ScoredCase> cases(count);
  for (ScoredCase& one : cases) {
    one.score = random.uniform();
    one.positive = random.uniform() < 0.2 + 0.6 * one.score;
  }
  return cases;
}

/// What the evaluator writes of two classes.
SiteSummary summary_of(const std::vector<ScoredCase>& cases) {
  SiteSummary site;
  site.kind = "binary classification";
  site.rules = R"({"threshold":0.5})";
  site.cases = site.patients = static_cast<std::int64_t>(cases.size());
  auto scores = metrics::ScoreHistogram::empty({0, 1, 512}).value();
  auto table = metrics::ReliabilityTable::empty().value();
  auto logits = metrics::CalibrationHistogram::empty().value();
  metrics::MomentSummary squares;
  for (const ScoredCase& one : cases) {
    const double error = one.score - (one.positive ? 1 : 0);
    EXPECT_TRUE(scores.add(one.score, one.positive).ok());
    EXPECT_TRUE(table.add(one.score, one.positive).ok());
    EXPECT_TRUE(logits.add(one.score, one.positive).ok());
    EXPECT_TRUE(squares.add(error * error).ok());
  }
  const auto decided = metrics::confusion_at(cases, kThreshold).value();
  site.parts.push_back({"auroc", "", scores, {}});
  site.parts.push_back({"confusion-count", "", metrics::DecisionCounts{kThreshold, decided}, {}});
  site.parts.push_back({"brier", "", squares, {}});
  site.parts.push_back({"ece", "", table, {}});
  site.parts.push_back({"calibration-slope", "", logits, {}});
  return site;
}

class PooledCasesTest : public SignedResults {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    make_study(study_schema(), parse_json(kPolicy).value());
    ASSERT_EQ(register_key("hospital", key_), 201);
  }

  /// A site sends the summary of these cases.
  void send_site(const std::vector<ScoredCase>& cases) {
    if (sites_++ > 0) {
      uid_ = "cd" + std::to_string(10 + sites_) + uid_.substr(4);
      world_.dataset =
          dataset("hospital", "data " + std::to_string(sites_), uid_, world_.preparation);
      join(world_, "dataset", "hospital", world_.dataset);
    }
    const Json output = Json::object(
        {{"n", cases.size()}, {"summary", metrics::summary_document(summary_of(cases), "test 1")}});
    finished_with(envelope_of(output));
    all_.insert(all_.end(), cases.begin(), cases.end());
  }
  Json pooled_for(const std::string& user) const {
    const Json report =
        expect(200, user, "GET", path_of("benchmarks", world_.benchmark) + "aggregate/");
    const Json* pooled = report.find("models")->items()[0].find("pooled");
    return pooled == nullptr ? Json() : *pooled;
  }
  static Json figure(const Json& pooled, std::string_view metric) {
    const Json* figures = pooled.find_path({"cases", "figures"});
    for (const Json& one : figures == nullptr ? Json::Array() : figures->items()) {
      if (one.get_string("metric") == metric) return one;
    }
    ADD_FAILURE() << "no " << metric << " in " << to_text(pooled);
    return Json::object();
  }

  int sites_ = 0;
  std::vector<ScoredCase> all_;
};

TEST_P(PooledCasesTest, AreWhatOneMachineSaysOfAllCases) {
  for (const std::size_t count : {60U, 200U, 33U}) send_site(random_cases(count, count));
  const Json pooled = pooled_for("hospital");
  EXPECT_EQ(pooled.find_path({"cases", "n_cases"})->as_int(), 293);
  EXPECT_EQ(pooled.find_path({"cases", "sites"})->as_int(), 3);
  const auto said = [](const Json& one, const char* key) { return one.find(key)->as_double(); };

  const Json auroc = figure(pooled, "auroc");
  const auto area = metrics::auc(all_).value();
  EXPECT_NEAR(said(auroc, "value"), *area.estimate.value, said(auroc, "bound"));
  EXPECT_LT(said(auroc, "bound"), 0.01);
  EXPECT_LE(said(auroc, "low"), area.estimate.interval->low);
  EXPECT_GE(said(auroc, "high"), area.estimate.interval->high);
  EXPECT_EQ(auroc.get_string("convention"), "auroc-histogram-delong/1");

  // Counts and sums: the bits of one list.
  const auto table = metrics::confusion_at(all_, kThreshold).value();
  EXPECT_EQ(said(figure(pooled, "sensitivity"), "value"),
            static_cast<double>(table.tp) / static_cast<double>(table.tp + table.fn));
  for (const auto& one : metrics::pooled_figures(summary_of(all_))) {
    const Json shown = figure(pooled, one.metric);
    EXPECT_EQ(said(shown, "value"), *one.estimate.value) << one.metric;
    if (!one.estimate.interval) continue;
    EXPECT_EQ(said(shown, "low"), one.estimate.interval->low) << one.metric;
    EXPECT_EQ(said(shown, "high"), one.estimate.interval->high) << one.metric;
  }
  EXPECT_EQ(said(figure(pooled, "calibration-slope"), "value") > 0, true);
}

TEST_P(PooledCasesTest, AreShownFromAsManySitesAsThePolicySays) {
  send_site(random_cases(1, 60));
  send_site(random_cases(2, 60));
  for (const char* user : {"hospital", "group"}) {
    EXPECT_TRUE(pooled_for(user).is_null()) << user;
  }
  EXPECT_TRUE(pooled_for("admin").find("cases")->is_object());
  // The third site's summary is suppressed: the pooled cases are those of two sites still.
  std::vector<ScoredCase> few = random_cases(3, 40);
  int positives = 0;
  for (ScoredCase& one : few) one.positive = ++positives <= 2;
  send_site(few);
  for (const char* user : {"hospital", "group"}) {
    const Json pooled = pooled_for(user);
    ASSERT_TRUE(pooled.is_object()) << user;
    EXPECT_TRUE(pooled.find("cases")->is_null()) << user;
    EXPECT_EQ(pooled.find_path({"figures", "n", "value"})->as_int(), 160) << user;
    EXPECT_NE(to_text(*pooled.find("warnings")).find("fewer sites have it"), std::string::npos);
  }
  send_site(random_cases(4, 60));
  EXPECT_EQ(pooled_for("hospital").find_path({"cases", "sites"})->as_int(), 3);
}

TEST_P(PooledCasesTest, AHostileSummaryIsRefusedWithItsPlace) {
  const Json good = metrics::summary_document(summary_of(random_cases(5, 60)), "test 1");
  const auto refused = [&](const Json& summary) {
    const Json sent = Json::object({{"medperf", result::kEnvelopeVersion},
                                    {"results", Json::object({{"n", 60}, {"summary", summary}})},
                                    {"suppressed", Json::array()}});
    const auto id = open_result();
    const Json answer = expect(400, "hospital", "PUT", path_of("results", id),
                               submission(sent, result::sign_statement(statement(sent), key_)));
    expect(200, "hospital", "PUT", path_of("results", id), Json::object({{"is_valid", false}}));
    return to_text(answer);
  };
  Json many = good;
  many.set("n_cases", std::int64_t{1} << 53);
  EXPECT_NE(refused(many).find("summary"), std::string::npos);
  Json deep = good;
  Json nested = Json::array();
  for (int i = 0; i < 30; ++i) nested = Json::array({nested});
  deep.set("parts", nested);
  EXPECT_NE(refused(deep).find("results"), std::string::npos);
  Json named = good;
  named.set("program", "A. Smith, born 1950");
  EXPECT_NE(refused(named).find("program"), std::string::npos);
  Json large = good;
  large.set("rules", std::string(300'000, 'x'));
  EXPECT_NE(refused(large), "");
}

TEST(PooledCases, InAnyOrderAndGroupingOnceEach) {
  const auto schema = result::ResultSchema::parse(study_schema()).value();
  std::vector<Json> results;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    results.push_back(Json::object(
        {{"summary", metrics::summary_document(summary_of(random_cases(seed, 50)), "test 1")}}));
  }
  results.push_back(Json::object({{"summary", Json()}}));
  results.push_back(Json::object({{"summary", Json::object()}}));  // no longer what is declared
  std::vector<std::string> warnings;
  std::vector<const Json*> order;
  for (const Json& one : results) order.push_back(&one);
  const auto forward = pool_cases(*schema.summary(), order, warnings);
  ASSERT_TRUE(forward.has_value());
  EXPECT_EQ(forward->sites, 4u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("2 sites are left out"), std::string::npos) << warnings[0];
  std::reverse(order.begin(), order.end());
  const auto backward = pool_cases(*schema.summary(), order, warnings);
  EXPECT_EQ(to_text(to_json(*forward)), to_text(to_json(*backward)));
  EXPECT_TRUE(forward->merged == backward->merged);
  order = {order.back(), order.back()};
  warnings.clear();
  pool_cases(*schema.summary(), order, warnings);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("the same summary"), std::string::npos) << warnings[0];
  EXPECT_FALSE(pool_cases(*schema.summary(), {}, warnings).has_value());
}

INSTANTIATE_TEST_SUITE_P(Engines, PooledCasesTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
