// Summaries of sites: what is pooled from them is what one machine with all cases says, in any
// order and grouping; and what no cases can have is refused.

#include "cohort/site_summary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "cohort/classification.h"
#include "metrics/pooling/summary_json.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::cohort {
namespace {

using metrics::parse_summary;
using metrics::RandomStream;
using metrics::SiteSummary;
using metrics::summary_document;

constexpr std::string_view kProgram = "test 1";

/// A list of cases as the two tables of a site.
struct Tables {
  std::string predictions = "case_id,score\n";
  std::string labels = "case_id,label\n";
};

struct Case {
  double score = 0;
  bool positive = false;
};

std::vector<Case> random_cases(RandomStream& random, std::size_t count) {
  std::vector<Case> cases(count);
  for (Case& one : cases) {
    const double x = 8 * (random.uniform() - 0.5);
    one.score = 1 / (1 + std::exp(-x));
    if (random.below(20) == 0) one.score = random.below(2) == 0 ? 0 : 1;
    one.positive = random.uniform() < 1 / (1 + std::exp(-(0.2 + 0.8 * x)));
  }
  return cases;
}

Tables tables_of(std::span<const Case> cases) {
  Tables tables;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    tables.predictions += fmt::format("c{},{}\n", i, cases[i].score);
    tables.labels += fmt::format("c{},{}\n", i, cases[i].positive ? 1 : 0);
  }
  return tables;
}

SiteSummary summary_of(std::span<const Case> cases) {
  const Tables tables = tables_of(cases);
  auto summary = summarise_classification(tables.predictions, tables.labels, {}, {});
  EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().text());
  return summary.ok() ? *summary : SiteSummary();
}

/// As it comes from a site: through the document.
SiteSummary sent(const SiteSummary& summary) {
  const std::string text = to_text(summary_document(summary, kProgram));
  auto read = parse_summary(text);
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().text());
  if (!read.ok()) return {};
  EXPECT_TRUE(*read == summary);
  EXPECT_EQ(to_text(summary_document(*read, kProgram)), text);
  return *read;
}

/// Merges neighbours in a random order until one is left: every grouping and order occurs.
SiteSummary merged_somehow(std::vector<SiteSummary> sites, RandomStream& random) {
  while (sites.size() > 1) {
    const std::size_t i = random.below(sites.size());
    std::size_t j = random.below(sites.size() - 1);
    if (j >= i) ++j;
    EXPECT_TRUE(sites[i].merge(sites[j]).ok());
    sites.erase(sites.begin() + static_cast<std::ptrdiff_t>(j));
  }
  return sites.front();
}

TEST(SiteSummary, SitesInAnyOrderAndGroupingAreOneMachine) {
  RandomStream random(7, 1);
  for (int round = 0; round < 20; ++round) {
    const auto all = random_cases(random, 60 + random.below(200));
    std::vector<SiteSummary> sites;
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random.below(60), all.size() - begin);
      sites.push_back(sent(summary_of(std::span(all).subspan(begin, count))));
      begin += count;
    }
    const auto n_sites = static_cast<std::int64_t>(sites.size());
    SiteSummary pooled = sent(merged_somehow(std::move(sites), random));
    EXPECT_EQ(pooled.sites, n_sites);
    pooled.sites = 1;
    EXPECT_TRUE(pooled == summary_of(all)) << round;
  }
}

const Figure& figure(const FigureSet& set, std::string_view metric) {
  const auto found = std::find_if(set.figures.begin(), set.figures.end(),
                                  [&](const Figure& one) { return one.metric == metric; });
  EXPECT_NE(found, set.figures.end()) << metric;
  return *found;
}

TEST(SiteSummary, GivesWhatTheCasesGive) {
  RandomStream random(7, 2);
  for (int round = 0; round < 10; ++round) {
    auto all = random_cases(random, 400);
    // The single machine's slope is not defined for certainties.
    for (Case& one : all) one.score = std::clamp(one.score, 1e-6, 1 - 1e-6);
    const Tables tables = tables_of(all);
    const auto set = evaluate_classification(tables.predictions, tables.labels, {}, {});
    ASSERT_TRUE(set.ok()) << set.error().text();
    SiteSummary pooled = summary_of(std::span(all).first(150));
    ASSERT_TRUE(pooled.merge(summary_of(std::span(all).subspan(150))).ok());
    std::size_t compared = 0;
    for (const auto& one : metrics::pooled_figures(pooled)) {
      if (one.metric == "observed-expected-ratio") continue;
      const metrics::Estimate& alone = figure(*set, one.metric).estimate;
      ASSERT_TRUE(one.estimate.value && alone.value) << one.metric;
      // Counts and exact sums differ by the rounding of the single machine's sums only.
      EXPECT_LE(std::abs(*one.estimate.value - *alone.value), one.bound + 1e-12) << one.metric;
      ++compared;
    }
    EXPECT_EQ(compared, 13u);
  }
}

const metrics::PooledFigure& pooled_figure(const std::vector<metrics::PooledFigure>& figures,
                                           std::string_view metric) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const auto& one) { return one.metric == metric; });
  EXPECT_NE(found, figures.end()) << metric;
  return *found;
}

TEST(SiteSummary, ProbabilitiesBeyondTheLogitsAreCountedAndNothingIsSaid) {
  RandomStream random(7, 5);
  auto all = random_cases(random, 200);
  for (Case& one : all) one.score = std::clamp(one.score, 1e-6, 1 - 1e-6);
  auto figures = metrics::pooled_figures(sent(summary_of(all)));
  EXPECT_EQ(pooled_figure(figures, "calibration-slope").clipped, 0);
  EXPECT_EQ(pooled_figure(figures, "calibration-in-the-large").estimate.convention,
            "calibration-in-the-large-histogram-wald/1");
  EXPECT_FALSE(pooled_figure(figures, "auroc").clipped.has_value());
  // As on a single machine: no logit, no slope. Nor does any bound hold for what was moved.
  all[0].score = 0;
  all[1].score = 1;
  all[2].score = 1e-9;
  const Tables tables = tables_of(all);
  const auto alone = evaluate_classification(tables.predictions, tables.labels, {}, {});
  ASSERT_TRUE(alone.ok()) << alone.error().text();
  SiteSummary pooled = summary_of(std::span(all).first(2));
  ASSERT_TRUE(pooled.merge(summary_of(std::span(all).subspan(2))).ok());
  figures = metrics::pooled_figures(sent(pooled));
  for (const char* metric : {"calibration-slope", "calibration-in-the-large"}) {
    EXPECT_FALSE(figure(*alone, metric).estimate.value.has_value()) << metric;
    const metrics::PooledFigure& found = pooled_figure(figures, metric);
    EXPECT_FALSE(found.estimate.value.has_value()) << metric;
    EXPECT_FALSE(found.estimate.interval.has_value()) << metric;
    EXPECT_EQ(found.estimate.flag, "clipped") << metric;
    EXPECT_EQ(found.clipped, 3) << metric;
    EXPECT_EQ(found.bound, 0) << metric;
  }
}

TEST(SiteSummary, AProbabilityOfNoSizeIsAsGoodAsZero) {
  RandomStream random(7, 6);
  auto all = random_cases(random, 50);
  all[0].score = 0;
  const SiteSummary zero = summary_of(all);
  for (const double tiny : {1e-61, 1e-80, 1e-200, 5e-324}) {
    all[0].score = tiny;
    EXPECT_TRUE(sent(summary_of(all)) == zero) << tiny;
  }
  all[0].score = 1e-59;
  EXPECT_FALSE(sent(summary_of(all)) == zero);
}

TEST(SiteSummary, OfLabelMapsByHand) {
  SegmentationOptions options;
  options.regions = {{"a", {1}}, {"b", {2}}};
  CohortResult cohort;
  cohort.columns = {{"dice", "a", std::nullopt}, {"nsd", "b", 2.0}};
  const auto add = [&cohort](std::string patient, std::optional<double> dice, double nsd,
                             metrics::Overlap a, metrics::Overlap b) {
    CaseResult one;
    one.files.patient = std::move(patient);
    metrics::Estimate first;
    first.value = dice;
    if (!dice) first.flag = metrics::flag::kBothEmpty;
    metrics::Estimate second;
    second.value = nsd;
    one.values = {first, second};
    one.overlaps = {a, b};
    cohort.cases.push_back(one);
  };
  add("p", 0.5, 1, {1, 1, 1, 5}, {2, 0, 0, 6});
  add("q", std::nullopt, 0.25, {0, 0, 0, 8}, {1, 3, 0, 4});
  add("r", 0.75, 0.5, {3, 1, 1, 3}, {0, 0, 4, 4});
  CaseResult failed;
  failed.files.patient = "s";
  failed.failure = make_error(ErrorKind::kCorrupt, "x", "y");
  cohort.cases.push_back(failed);
  const auto summary = summarise_segmentations(cohort, options);
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(summary->cases, 4);
  EXPECT_EQ(summary->failed, 1);
  EXPECT_EQ(summary->patients, 4);
  EXPECT_EQ(summary->parts[0].undefined.at("both_empty"), 1);
  const auto figures = metrics::pooled_figures(sent(*summary));
  ASSERT_EQ(figures.size(), 4u);
  EXPECT_EQ(figures[0].of, "a");
  EXPECT_EQ(*figures[0].estimate.value, 0.625);
  EXPECT_EQ(figures[1].of, "b 2 mm");
  EXPECT_EQ(*figures[1].estimate.value, 1.75 / 3);
  EXPECT_TRUE(figures[1].estimate.interval.has_value());
  EXPECT_EQ(*figures[2].estimate.value, 8.0 / 12);
  EXPECT_EQ(*figures[3].estimate.value, 6.0 / 13);
  EXPECT_EQ(figures[3].metric, "dice-micro");

  // The same regions named in another order, as a site may write them, or whoever keeps the
  // parameters in between.
  std::swap(options.regions[0], options.regions[1]);
  std::swap(cohort.columns[0], cohort.columns[1]);
  for (CaseResult& one : cohort.cases) {
    if (one.failure) continue;
    std::swap(one.values[0], one.values[1]);
    std::swap(one.overlaps[0], one.overlaps[1]);
  }
  const auto other = summarise_segmentations(cohort, options);
  ASSERT_TRUE(other.ok()) << other.error().text();
  EXPECT_TRUE(*other == *summary);
}

TEST(SiteSummary, OfSeveralClasses) {
  const char* const predictions =
      "case_id,red,green,blue\na,0.6,0.3,0.1\nb,0.2,0.5,0.3\nc,0.1,0.2,0.7\nd,0.5,0.3,0.2\n";
  const char* const labels = "case_id,label\na,red\nb,green\nc,blue\nd,green\n";
  const auto summary = summarise_classification(predictions, labels, {}, {});
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  const auto figures = metrics::pooled_figures(sent(*summary));
  EXPECT_EQ(figures[0].metric, "accuracy");
  EXPECT_EQ(*figures[0].estimate.value, 0.75);
  auto other = *summarise_classification(predictions, labels, {}, {});
  ASSERT_TRUE(other.merge(*summary).ok());
  EXPECT_EQ(std::get<metrics::CountTable>(other.parts[0].content).at(1, 0), 2);
}

TEST(SiteSummary, SeveralCasesOfAPatientHaveNoInterval) {
  const std::string patients = "case_id,patient\nc0,p\nc1,p\nc2,q\nc3,r\nc4,s\nc5,t\n";
  RandomStream random(7, 3);
  const Tables tables = tables_of(random_cases(random, 6));
  const auto summary = summarise_classification(tables.predictions, tables.labels, patients, {});
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(summary->patients, 5);
  for (const auto& one : metrics::pooled_figures(*summary)) {
    EXPECT_FALSE(one.estimate.interval.has_value()) << one.metric;
    EXPECT_FALSE(one.estimate.se.has_value()) << one.metric;
  }
  // Nor when another site, without repeated patients, is merged.
  SiteSummary merged = summary_of(random_cases(random, 30));
  EXPECT_TRUE(metrics::pooled_figures(merged).front().estimate.interval.has_value());
  ASSERT_TRUE(merged.merge(*summary).ok());
  EXPECT_FALSE(metrics::pooled_figures(merged).front().estimate.interval.has_value());
}

TEST(SiteSummary, OtherRulesAreAConflictAndChangeNothing) {
  RandomStream random(7, 4);
  const auto cases = random_cases(random, 30);
  const Tables tables = tables_of(cases);
  const SiteSummary before = summary_of(cases);
  SiteSummary summary = before;
  ClassificationOptions options;
  options.threshold = 0.25;
  const auto stricter = summarise_classification(tables.predictions, tables.labels, {}, options);
  EXPECT_EQ(summary.merge(*stricter).error().kind, ErrorKind::kConflict);
  SiteSummary less = before;
  less.parts.pop_back();
  EXPECT_EQ(summary.merge(less).error().kind, ErrorKind::kConflict);
  SiteSummary swapped = before;
  std::swap(swapped.parts[0], swapped.parts[1]);
  EXPECT_EQ(summary.merge(swapped).error().kind, ErrorKind::kConflict);
  SiteSummary huge = before;
  huge.cases = std::int64_t{1} << 53;
  EXPECT_EQ(summary.merge(huge).error().kind, ErrorKind::kTooLarge);
  EXPECT_TRUE(summary == before);
}

/// Cases with a score for each of so many labels, as tables, and each label's column alone.
struct LabelTables {
  Tables all;
  std::vector<Tables> alone;
};

LabelTables label_tables(RandomStream& random, std::size_t labels, std::size_t cases) {
  LabelTables made{{"case_id", "case_id"}, std::vector<Tables>(labels)};
  for (std::size_t l = 0; l < labels; ++l) {
    for (std::string* header : {&made.all.predictions, &made.all.labels}) {
      *header += fmt::format(",finding {}", l);
    }
  }
  for (std::size_t i = 0; i < cases; ++i) {
    made.all.predictions += fmt::format("\nc{}", i);
    made.all.labels += fmt::format("\nc{}", i);
    const auto scores = random_cases(random, labels);
    for (std::size_t l = 0; l < labels; ++l) {
      made.all.predictions += fmt::format(",{}", scores[l].score);
      made.all.labels += scores[l].positive ? ",1" : ",0";
      made.alone[l].predictions += fmt::format("c{},{}\n", i, scores[l].score);
      made.alone[l].labels += fmt::format("c{},{}\n", i, scores[l].positive ? 1 : 0);
    }
  }
  made.all.predictions += "\n";
  made.all.labels += "\n";
  return made;
}

TEST(SiteSummary, SeveralLabelsAreAsManyTimesTwoClasses) {
  RandomStream random(7, 8);
  const LabelTables tables = label_tables(random, 3, 150);
  const auto summary =
      summarise_classification(tables.all.predictions, tables.all.labels, {}, {0.4, {}});
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(summary->kind, "multi-label classification");
  EXPECT_EQ(summary->cases, 150);
  EXPECT_TRUE(sent(*summary) == *summary);
  constexpr std::size_t kParts = 4;
  ASSERT_EQ(summary->parts.size(), 3 * kParts);
  for (std::size_t l = 0; l < 3; ++l) {
    const auto alone = summarise_classification(tables.alone[l].predictions, tables.alone[l].labels,
                                                {}, {0.4, {}});
    ASSERT_TRUE(alone.ok());
    for (std::size_t i = 0; i < kParts; ++i) {
      const metrics::SummaryPart& part = summary->parts[l * kParts + i];
      EXPECT_EQ(part.of, fmt::format("finding {}", l));
      EXPECT_EQ(part.metric, alone->parts[i].metric);
      EXPECT_TRUE(part.content == alone->parts[i].content) << part.metric;
    }
  }
}

TEST(SiteSummary, OfFourteenFindingsFitsAnEnvelope) {
  RandomStream random(7, 9);
  const LabelTables tables = label_tables(random, 14, 3000);
  const auto summary = summarise_classification(tables.all.predictions, tables.all.labels, {}, {});
  ASSERT_TRUE(summary.ok());
  const std::string text = to_text(summary_document(*summary, kProgram));
  EXPECT_LT(text.size(), std::size_t{256} << 10);
  EXPECT_TRUE(parse_summary(text).ok());
}

TEST(SiteSummary, ScoresWithoutCommonBinsAreRefused) {
  const auto summary =
      summarise_classification("case_id,score\na,1.5\n", "case_id,label\na,1\n", {}, {});
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.error().text().find("[0, 1]"), std::string::npos);
}

/// The document of 40 cases with one text put in place of another.
std::string spoiled(std::string_view old_text, std::string_view new_text) {
  RandomStream random(7, 5);
  std::string text = to_text(summary_document(summary_of(random_cases(random, 40)), kProgram));
  const std::size_t at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return text.replace(at, old_text.size(), new_text);
}

TEST(SiteSummary, WhatNoSiteWritesIsRefused) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"summary/v1", "summary/v2"},
      {"\"n_cases\":40", "\"n_cases\":41"},
      {"\"n_cases\":40", "\"n_cases\":-40"},
      {"\"n_cases\":40", "\"n_cases\":40.5"},
      {"\"n_patients\":40", "\"n_patients\":41"},
      {"\"n_failed\":0", "\"n_failed\":1"},
      {"\"n_failed\":0", "\"n_failed\":0,\"note\":\"x\""},
      {"\"metric\":\"auroc\"", "\"metric\":\"aurox\""},
      {"\"metric\":\"auroc\"", "\"metric\":\"brier\""},  // twice the same figure
      {"\"of\":\"\"", "\"of\":\"\\u0007\""},
      {"\"of\":\"\"", "\"of\":\"\",\"cases\":[]"},
      {"score-histogram", "score-histogramm"},
      {"auroc-histogram-delong/1", "auroc-histogram-delong/2"},
      {"exact-moments/1", "exact-moments/2"},
      {"score-at-least/1", "score-above/1"},
      {"\"count\":512", "\"count\":511"},
      {"\"count\":512", "\"count\":999999"},
      {"\"count\":560", "\"count\":65536"},
      {"\"low\":-14.0", "\"low\":-1e300"},
      {"\"high\":1.0", "\"high\":0"},
      {"\"tp\":", "\"tp\":1"},
      {"\"tp\":", "\"tp\":-"},
      {"\"clipped\":", "\"clipped\":9"},
      {"\"sum\":\"", "\"sum\":\"0"},
      {"\"sum\":\"", "\"sum\":\"-"},
      {"\"squares\":\"", "\"squares\":\"-"},
  };
  ASSERT_TRUE(parse_summary(spoiled("auroc", "auroc")).ok());
  for (const auto& [old_text, new_text] : changes) {
    const auto read = parse_summary(spoiled(old_text, new_text));
    EXPECT_FALSE(read.ok()) << old_text << " -> " << new_text;
  }
}

TEST(SiteSummary, ThePublishedExampleIsReadAndFitsTheSchema) {
  const std::string folder = MEDPERF_SOURCE_DIR "/docs/schemas/";
  const auto schema = parse_json(*read_file(folder + "summary-v1.json"));
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  const auto published = JsonSchema::compile(*schema);
  ASSERT_TRUE(published.ok()) << published.error().text();
  for (const char* const name : {"summary-v1.json", "summary-v1-segmentation.json"}) {
    const auto text = read_file(folder + "examples/" + name);
    ASSERT_TRUE(text.ok()) << name;
    const auto read = parse_summary(*text);
    ASSERT_TRUE(read.ok()) << name << read.error().text();
    for (const FieldError& one : published->violations(*parse_json(*text))) {
      ADD_FAILURE() << name << ": " << one.field << ": " << one.message;
    }
    EXPECT_FALSE(metrics::pooled_figures(*read).empty());
  }
  RandomStream random(7, 6);
  const Json document = summary_document(summary_of(random_cases(random, 50)), kProgram);
  EXPECT_TRUE(published->violations(document).empty());
  for (const char* const key : {"format", "kind", "rules", "n_cases", "parts"}) {
    Json without = document;
    std::erase_if(without.members(), [key](const Json::Member& one) { return one.first == key; });
    EXPECT_FALSE(published->violations(without).empty()) << key;
  }
  Json more = document;
  more.set("scores", Json::array({0.5}));
  EXPECT_FALSE(published->violations(more).empty());
}

}  // namespace
}  // namespace medperf::cohort
