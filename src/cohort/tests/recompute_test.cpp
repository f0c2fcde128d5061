// scripts/recompute.py and this platform compute the same figures without sharing code; each checks
// the other here, on made-up sites.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/process.h"
#include "cohort/binary_evaluation.h"
#include "metrics/statistics/proportion_pooling.h"

namespace medperf::cohort {
namespace {

struct Site {
  Json result;
  std::string predictions = "case_id,score\n";
  std::string labels = "case_id,label\n";
};

Site make_site(unsigned seed, int cases, double shift, int levels) {
  Site site;
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (int i = 0; i < cases; ++i) {
    const bool positive = random() % 3 != 0;
    double score = 1 / (1 + std::exp(-normal(random) - (positive ? shift : -shift)));
    if (levels > 0) score = std::round(score * levels) / levels;
    const std::string id = "case-" + std::to_string(1000 + i);
    char text[40];
    snprintf(text, sizeof text, "%.9g", score);
    site.predictions += id + "," + text + "\n";
    site.labels += id + (positive ? ",1\n" : ",0\n");
  }
  site.result = *evaluate_binary_tables(site.predictions, site.labels, {}, {});
  return site;
}

Json shown(const metrics::MetaAnalysis& pooled) {
  return Json::object({{"value", pooled.value},
                       {"low", pooled.interval.low},
                       {"high", pooled.interval.high},
                       {"convention", pooled.convention}});
}
Json pooled_json(const std::vector<metrics::Study>& studies) {
  return shown(*metrics::meta_analyse(studies));
}
/// As the hub pools it: in one stage where events are few.
Json pooled_json(const std::vector<metrics::BinomialCount>& counts) {
  return shown(metrics::pool_proportions(counts)->analysis);
}

class Recompute : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "recompute-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { ASSERT_TRUE(remove_tree(root_).ok()); }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file_atomically(file, text).ok());
  }

  /// Lays out model 7 of benchmark 3 at these sites as datasets 1, 2 ... and pools it.
  void lay_out(const std::vector<Site>& sites) {
    std::vector<metrics::Study> auc;
    std::vector<metrics::BinomialCount> sensitivity, specificity;
    Json rows = Json::array();
    for (std::size_t i = 0; i < sites.size(); ++i) {
      const Json& result = sites[i].result;
      const std::string id = std::to_string(i + 1);
      const fs::path home = root_ / id;
      write(home / "datasets" / id / "labels" / "labels.csv", sites[i].labels);
      const fs::path run = home / "runs" / ("3-7-" + id);
      write(run / "predictions" / "predictions.csv", sites[i].predictions);
      write(run / "evaluation" / "results" / "results.yaml", to_pretty_text(result));
      Json figures = Json::object();
      for (const char* key : {"n", "auc", "sensitivity", "specificity"}) {
        figures.set(key, *result.find(key));
      }
      rows.push(Json::object({{"dataset", i + 1}, {"figures", std::move(figures)}}));
      const auto positives = result.get_int("n_positive");
      const auto negatives = result.get_int("n_negative");
      auc.push_back(*metrics::auc_study(result.find_path({"auc", "value"})->as_double(),
                                        result.find_path({"auc", "se"})->as_double(), positives,
                                        negatives));
      sensitivity.push_back({result.find_path({"counts", "tp"})->as_int(), positives});
      specificity.push_back({result.find_path({"counts", "tn"})->as_int(), negatives});
    }
    const Json pooled = Json::object({{"auc", pooled_json(auc)},
                                      {"sensitivity", pooled_json(sensitivity)},
                                      {"specificity", pooled_json(specificity)}});
    const Json model =
        Json::object({{"id", 7}, {"sites", rows}, {"pooled", Json::object({{"figures", pooled}})}});
    results_ = Json::object({{"models", Json::array({model})}});
    sites_ = sites.size();
  }

  ProcessOutcome run() {
    write(root_ / "results.json", to_text(results_));
    Command command;
    command.argv = {"python3", MEDPERF_SOURCE_DIR "/scripts/recompute.py", "3",
                    (root_ / "results.json").string()};
    for (std::size_t i = 1; i <= sites_; ++i) {
      command.argv.push_back(std::to_string(i) + "=" + (root_ / std::to_string(i)).string());
    }
    command.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
    return *run_process(command);
  }

  Json& model() { return results_.find("models")->items()[0]; }

  fs::path root_;
  Json results_;
  std::size_t sites_ = 0;
};

void add(Json& number, double step) {
  number = Json(number.as_double() + step);
}

TEST_F(Recompute, AgreesForManyKindsOfSites) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    std::vector<Site> sites;
    const int k = 1 + static_cast<int>(seed) % 7;
    for (int i = 0; i < k; ++i) {
      sites.push_back(make_site(seed * 100 + unsigned(i), 60 + 40 * i, 0.4 + 0.2 * i * (seed % 3),
                                seed % 2 == 0 ? 20 : 0));
    }
    lay_out(sites);
    const auto outcome = run();
    EXPECT_TRUE(outcome.success()) << seed << ": " << outcome.output << outcome.errors;
  }
}

TEST_F(Recompute, AgreesOnPerfectSites) {
  lay_out({make_site(1, 80, 30, 0), make_site(2, 80, 1, 0), make_site(3, 90, 0.5, 0)});
  ASSERT_EQ(model().find("sites")->items()[0].find_path({"figures", "auc", "value"})->as_double(),
            1);
  const auto outcome = run();
  EXPECT_TRUE(outcome.success()) << outcome.output << outcome.errors;
}

TEST_F(Recompute, FindsSmallDifferences) {
  const std::vector<Site> sites = {make_site(1, 100, 1, 0), make_site(2, 120, .7, 0),
                                   make_site(3, 140, .4, 0)};
  lay_out(sites);
  ASSERT_TRUE(run().success());
  add(*model().find("pooled")->find("figures")->find("auc")->find("low"), 2e-9);
  EXPECT_EQ(run().exit_code, 1);
  lay_out(sites);
  add(*model().find("sites")->items()[1].find("figures")->find("auc")->find("se"), 2e-12);
  EXPECT_EQ(run().exit_code, 1);
  lay_out(sites);
  *model().find("sites")->items()[0].find("figures")->find("n") = Json(101);
  EXPECT_EQ(run().exit_code, 1);
  lay_out(sites);
  Json& sensitivity = *model().find("pooled")->find("figures")->find("sensitivity");
  ASSERT_EQ(sensitivity.get_string("convention"), "one-stage-binomial-ml-logit-t");
  add(*sensitivity.find("low"), 2e-6);
  EXPECT_EQ(run().exit_code, 1);
  lay_out(sites);
  *model().find("pooled")->find("figures")->find("specificity")->find("convention") =
      Json("random-effects-reml-logit-hksj");
  EXPECT_NE(run().exit_code, 0) << "its sites have few events";
}

TEST_F(Recompute, NeverPassesWithNothingCompared) {
  lay_out({make_site(1, 100, 1, 0)});
  model().set("sites", Json::array());
  EXPECT_NE(run().exit_code, 0);
  results_.set("models", Json::array());
  EXPECT_EQ(run().exit_code, 1);
}

}  // namespace
}  // namespace medperf::cohort
