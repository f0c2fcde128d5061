// The patient is the unit: the tables that name patients, and the intervals that draw them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cohort/binary_evaluation.h"
#include "cohort/case_list.h"
#include "cohort/classification.h"
#include "cohort/regression.h"
#include "metrics/statistics/random_stream.h"

namespace medperf::cohort {
namespace {

const std::vector<std::string> kIds = {"a", "b", "c"};

std::string refused(std::string_view table) {
  const auto units = units_of(table, kIds, "labels.csv");
  return units.ok() ? "" : units.error().where + ": " + units.error().what;
}

TEST(Units, PatientsAndGroupsOfATable) {
  const auto units =
      units_of("group,patient,case_id\ny,p,c\n,p,a\nx,q,b\ny,other,z\n", kIds, "labels.csv");
  ASSERT_TRUE(units.ok()) << units.error().text();
  EXPECT_EQ(units->patient_of_case, (std::vector<std::int64_t>{0, 1, 0}));
  EXPECT_EQ(units->patients, 2u);
  EXPECT_TRUE(units->patients_repeat());
  EXPECT_EQ(units->groups, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(units->group_of_case, (std::vector<std::uint32_t>{Units::kNoGroup, 0, 1}));
}

TEST(Units, WithoutATableOrAColumnEveryCaseIsAPatient) {
  EXPECT_FALSE(units_of({}, kIds, "labels.csv")->patients_repeat());
  const auto groups = units_of("case_id,group\na,x\nb,x\nc,x\n", kIds, "labels.csv");
  ASSERT_TRUE(groups.ok()) << groups.error().text();
  EXPECT_EQ(groups->patients, 3u);
}

TEST(Units, WhatIsNoTableOfPatients) {
  EXPECT_EQ(refused("case_id,patient\na,p\nb,\nc,p\n"),
            "patients.csv: row 2: the patient is blank");
  EXPECT_EQ(refused("case_id,patient\na,p\nb,\" \"\nc,p\n"),
            "patients.csv: row 2: the patient is blank");
  EXPECT_EQ(refused("case_id,patient\na,p\nc,p\n"),
            "labels.csv: row 2: its case is not in patients.csv");
  const std::string header =
      "patients.csv: header: the columns are not case_id with patient, group or both";
  EXPECT_EQ(refused("case_id,patient,age\na,p,1\nb,p,1\nc,p,1\n"), header);
  EXPECT_EQ(refused("case_id\na\nb\nc\n"), header);
  EXPECT_NE(refused(""), "") << "an empty file is not a file that is not there";
}

TEST(Units, OneRuleForABlankPatientInEveryTable) {
  const char* const table = "case_id,prediction,reference,patient\na,1,2,p\nb,3,4,\n";
  const auto files = parse_case_list(table, "/data", "cases.csv");
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().where, "cases.csv: row 2");
  const auto numbers = read_number_table(table);
  ASSERT_FALSE(numbers.ok());
  EXPECT_EQ(numbers.error().where, "table: row 2");
  EXPECT_EQ(numbers.error().what, files.error().what);
  EXPECT_EQ(numbers.error().advice, files.error().advice);
}

TEST(Units, CasesThatATableLacksAreCountedNotNamed) {
  std::vector<CaseFiles> cases = {{"miller", "p", "r", "miller", ""}, {"b", "p", "r", "b", ""}};
  const Status lacking = give_units("case_id,patient\nb,q\n", cases);
  ASSERT_FALSE(lacking.ok());
  EXPECT_EQ(lacking.error().text().find("miller"), std::string::npos);
  ASSERT_TRUE(give_units("case_id,patient,group\nb,q,x\nmiller,q,y\n", cases).ok());
  EXPECT_EQ(cases[0].patient, "q");
  EXPECT_EQ(cases[0].group, "y");
}

/// Each patient `each` times with the same score and class: as sure as one case each, no more.
struct Copies {
  std::string predictions = "case_id,score\n";
  std::string labels = "case_id,label\n";
  std::string patients = "case_id,patient\n";
};

Copies copies(int each) {
  metrics::RandomStream random(11, 4);
  Copies made;
  for (int p = 0; p < 60; ++p) {
    const double score = random.uniform();
    const int label = random.uniform() < score ? 1 : 0;
    for (int k = 0; k < each; ++k) {
      made.predictions += fmt::format("c{}-{},{}\n", p, k, score);
      made.labels += fmt::format("c{}-{},{}\n", p, k, label);
      made.patients += fmt::format("c{}-{},p{}\n", p, k, p);
    }
  }
  return made;
}

double width(const Json& document, std::string_view figure) {
  return document.find_path({figure, "high"})->as_double() -
         document.find_path({figure, "low"})->as_double();
}

TEST(PatientsDrawn, CopiesOfACaseMakeNothingSurer) {
  const Copies one = copies(1);
  const Copies four = copies(4);
  const auto alone = evaluate_binary_tables(one.predictions, one.labels, {}, {});
  const auto naive = evaluate_binary_tables(four.predictions, four.labels, {}, {});
  const auto drawn = evaluate_binary_tables(four.predictions, four.labels, four.patients, {});
  ASSERT_TRUE(alone.ok() && naive.ok() && drawn.ok());
  for (const char* const figure : {"auc", "sensitivity", "specificity", "accuracy"}) {
    EXPECT_LT(width(*naive, figure), 0.6 * width(*alone, figure)) << figure;
    EXPECT_GT(width(*drawn, figure), 0.85 * width(*alone, figure)) << figure;
    EXPECT_LT(width(*drawn, figure), 1.2 * width(*alone, figure)) << figure;
  }
  EXPECT_EQ(drawn->find_path({"conventions", "auc"})->as_string(),
            "auroc-mann-whitney; interval stratified bootstrap-percentile of patients");
  EXPECT_EQ(drawn->find_path({"conventions", "proportions"})->as_string(),
            "bootstrap-percentile of patients");
}

TEST(PatientsDrawn, TheFlatDocumentHasNoPlaceForGroups) {
  const Copies one = copies(1);
  std::string groups = "case_id,group\n";
  for (int p = 0; p < 60; ++p) groups += fmt::format("c{}-0,x\n", p);
  const auto document = evaluate_binary_tables(one.predictions, one.labels, groups, {});
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(document.error().where, "patients.csv: header");
}

FigureSet classified(const Copies& tables, bool patients, int threads) {
  ClassificationOptions options;
  options.bootstrap.replicates = 300;
  options.bootstrap.threads = threads;
  auto set = evaluate_classification(tables.predictions, tables.labels,
                                     patients ? UnitTable(tables.patients) : UnitTable(), options);
  EXPECT_TRUE(set.ok()) << (set.ok() ? "" : set.error().text());
  return set.ok() ? *set : FigureSet();
}

TEST(PatientsDrawn, EveryFigureHasAnIntervalAndSaysWhich) {
  for (const bool repeat : {false, true}) {
    const FigureSet set = classified(copies(repeat ? 3 : 1), repeat, 2);
    EXPECT_EQ(set.patients, 60u);
    for (const Figure& one : set.figures) {
      EXPECT_TRUE(one.estimate.interval.has_value()) << one.metric << " " << one.of;
      const bool named = convention_of(one).find("of patients") != std::string::npos;
      EXPECT_EQ(named, repeat) << one.metric << ": " << convention_of(one);
    }
  }
  const FigureSet set = classified(copies(1), false, 1);
  const auto convention = [&](std::string_view metric) {
    const auto found = std::find_if(set.figures.begin(), set.figures.end(),
                                    [&](const Figure& one) { return one.metric == metric; });
    return found == set.figures.end() ? "" : convention_of(*found);
  };
  EXPECT_EQ(convention("sensitivity"), "wilson");
  EXPECT_EQ(convention("brier"), "brier-positive-class");
  EXPECT_EQ(convention("f1"), "f1-counts; interval bootstrap-percentile");
  EXPECT_EQ(convention("auprc"), "auprc-step; interval bootstrap-percentile");
}

TEST(PatientsDrawn, AConventionOfNothingButAnIntervalGivesWay) {
  Figure figure{"sensitivity", "", {}};
  figure.interval = "bootstrap-percentile of patients";
  for (const char* const formula : {"wilson", "clopper-pearson"}) {
    figure.estimate.convention = formula;
    EXPECT_EQ(convention_of(figure), "bootstrap-percentile of patients");
  }
}

TEST(PatientsDrawn, AnyNumberOfThreadsGivesTheSame) {
  for (const bool repeat : {false, true}) {
    const Copies tables = copies(repeat ? 2 : 1);
    EXPECT_EQ(figures_csv(classified(tables, repeat, 1)),
              figures_csv(classified(tables, repeat, 3)));
  }
}

TEST(PatientsDrawn, RegressionJoinsItsTablesAndReadsNoOtherColumn) {
  const auto joined = join_numbers("case_id,prediction\nb,4\na,1\n",
                                   "case_id,reference\na,2\nb,3\n", "case_id,patient\na,p\nb,p\n");
  ASSERT_TRUE(joined.ok()) << joined.error().text();
  EXPECT_EQ(joined->cases[0].reference, 2);
  EXPECT_EQ(joined->cases[0].predicted, 1);
  EXPECT_EQ(joined->units.patients, 1u);
  const auto where = [](std::string_view predictions, std::string_view labels) {
    const auto found = join_numbers(predictions, labels, {});
    return found.ok() ? "" : found.error().where;
  };
  EXPECT_EQ(where("case_id,prediction\na,1\n", "case_id,reference,patient\na,2,p\n"),
            "labels.csv: header");
  EXPECT_EQ(where("case_id,prediction,patient\na,1,p\n", "case_id,reference\na,2\n"),
            "predictions.csv: header");
  EXPECT_EQ(where("case_id,prediction\na,1\nb,1\n", "case_id,reference\na,2\n"), "predictions.csv");
  EXPECT_EQ(where("case_id,prediction\na,1\n", "case_id,reference\na,2\nb,1\n"),
            "labels.csv: row 2");
  EXPECT_EQ(where("case_id,prediction\na,x\n", "case_id,reference\na,2\n"),
            "predictions.csv: row 1");
}

}  // namespace
}  // namespace medperf::cohort
