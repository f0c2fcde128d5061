// Several labels, any of which a case may have.
#include <deque>

#include "cohort/binary_measures.h"
#include "cohort/classification_tasks.h"
#include "cohort/group_figures.h"
#include "metrics/classification/multilabel.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::LabelTables;

/// A figure of all labels together. Labels of a case are not independent, so its interval is the
/// bootstrap's.
Measure of_tables(const LabelCohort& cohort, double threshold, const char* metric,
                  Estimate (*figure)(const LabelTables&)) {
  return {metric, "", IntervalFrom::kResamples,
          [&cohort, threshold, figure](Rows rows) -> Result<Estimate> {
            const std::size_t width = cohort.labels.size();
            std::vector<std::uint8_t> reference;
            std::vector<std::uint8_t> called;
            for (const std::uint32_t row : rows) {
              for (std::size_t i = row * width; i < (row + std::size_t{1}) * width; ++i) {
                reference.push_back(cohort.reference[i]);
                called.push_back(cohort.scores[i] >= threshold ? 1 : 0);
              }
            }
            MEDPERF_TRY(const LabelTables tables,
                        metrics::label_tables(reference, called, static_cast<int>(width)));
            return figure(tables);
          }};
}

Measure macro_auroc_of(const LabelCohort& cohort) {
  return {"auroc-macro-labels", "", IntervalFrom::kResamples,
          [&cohort](Rows rows) -> Result<Estimate> {
            const std::size_t width = cohort.labels.size();
            std::vector<std::uint8_t> reference;
            std::vector<double> scores;
            for (const std::uint32_t row : rows) {
              for (std::size_t i = row * width; i < (row + std::size_t{1}) * width; ++i) {
                reference.push_back(cohort.reference[i]);
                scores.push_back(cohort.scores[i]);
              }
            }
            return metrics::macro_auroc(reference, scores, static_cast<int>(width));
          }};
}

/// A label for itself: two classes.
std::vector<Measure> label_measures(const ScoredSample& sample, const Units& units,
                                    const ClassificationOptions& options, const std::string& of) {
  const metrics::FigureOptions figures = options.figures();
  std::vector<Measure> measures = {auroc_measure(sample, units, figures, options.bootstrap, of)};
  constexpr IntervalFrom kFormula = IntervalFrom::kFormula;
  for (const Shown one : {Shown{"sensitivity", kFormula}, Shown{"specificity", kFormula},
                          Shown{"precision", kFormula}, Shown{"f1", IntervalFrom::kResamples}}) {
    measures.push_back(scored_measure(sample, one, figures, of));
  }
  return measures;
}

Status add_counts(const LabelCohort& cohort, double threshold, FigureSet& set) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < cohort.labels.size(); ++i) {
    MEDPERF_TRY(const metrics::Confusion table,
                metrics::confusion_at(cohort.of_label(i), threshold));
    counts.set(cohort.labels[i], counts_document(table));
  }
  set.more.set("labels", std::move(counts));
  return {};
}

/// Each label's, of the first that have both classes.
Status add_curves(const LabelCohort& cohort, FigureSet& set) {
  Json curves = Json::object();
  for (std::size_t i = 0; i < cohort.labels.size(); ++i) {
    if (curves.members().size() == kMostCurves) break;
    MEDPERF_TRY(const Json curve, roc_curve(cohort.of_label(i)));
    if (!curve.items().empty()) curves.set(cohort.labels[i], curve);
  }
  if (!curves.members().empty()) set.curves.set("roc_of_each", std::move(curves));
  return {};
}

CaseRows rows_of(const LabelCohort& cohort, double threshold) {
  const std::size_t width = cohort.labels.size();
  const auto wrong = [&cohort, threshold](std::size_t at) {
    return (cohort.scores[at] >= threshold) != (cohort.reference[at] != 0);
  };
  // The names of the labels of a case for which `holds`.
  const auto named = [&cohort, width](std::size_t row, const auto& holds) {
    std::string names;
    for (std::size_t i = 0; i < width; ++i) {
      if (holds(row * width + i)) names += (names.empty() ? "" : ", ") + cohort.labels[i];
    }
    return names.empty() ? std::string("-") : names;
  };
  const auto count = [width, wrong](std::size_t row) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < width; ++i) found += wrong(row * width + i) ? 1 : 0;
    return found;
  };
  return case_rows(
      cohort.cases, {"Case", "Labels", "Called", "Wrong"},
      "the more labels were called wrongly, the worse",
      [count](std::size_t i) { return static_cast<double>(count(i)); },
      [&cohort, threshold, named, count](std::size_t i) -> std::vector<std::string> {
        return {cohort.ids[i],
                named(i, [&cohort](std::size_t at) { return cohort.reference[at] != 0; }),
                named(i, [&](std::size_t at) { return cohort.scores[at] >= threshold; }),
                std::to_string(count(i))};
      });
}

}  // namespace

Result<FigureSet> figures_of_labels(const LabelCohort& cohort,
                                    const ClassificationOptions& options) {
  const double threshold = options.threshold;
  FigureSet set{
      "multi-label classification", cohort.cases, cohort.units.patients, {}, Json::object()};
  std::vector<Measure> measures = {
      macro_auroc_of(cohort),
      of_tables(cohort, threshold, "f1-macro-labels", &metrics::macro_f1),
      of_tables(cohort, threshold, "f1-micro-labels", &metrics::micro_f1),
      of_tables(cohort, threshold, "hamming-loss", &metrics::hamming_loss),
      of_tables(cohort, threshold, "subset-accuracy",
                [](const LabelTables& tables) { return metrics::subset_accuracy(tables); }),
  };
  std::deque<ScoredSample> samples;  // measures hold pointers to them
  for (std::size_t i = 0; i < cohort.labels.size(); ++i) {
    samples.emplace_back(cohort.of_label(i));
    const std::string of = "label " + cohort.labels[i];
    for (Measure& one : label_measures(samples.back(), cohort.units, options, of)) {
      measures.push_back(std::move(one));
    }
  }
  MEDPERF_CHECK(add_figures(measures, cohort.units, options.bootstrap, set));
  MEDPERF_CHECK(
      add_group_figures(measures, cohort.units, options.bootstrap, options.minimum_patients, set));
  MEDPERF_CHECK(add_counts(cohort, threshold, set));
  MEDPERF_CHECK(add_curves(cohort, set));
  set.rows = rows_of(cohort, threshold);
  return set;
}

}  // namespace medperf::cohort
