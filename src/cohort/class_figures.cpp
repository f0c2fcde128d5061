// Several classes, one of which a case has.
#include <algorithm>
#include <numeric>

#include "cohort/classification_tasks.h"
#include "cohort/group_figures.h"
#include "cohort/measures.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/threshold.h"

namespace medperf::cohort {
namespace {

using metrics::ClassProbabilities;
using metrics::Confusion;
using metrics::ConfusionMatrix;
using metrics::Estimate;

Result<ConfusionMatrix> matrix_of(const ClassCohort& cohort, Rows rows) {
  MEDPERF_TRY(auto matrix, ConfusionMatrix::empty(static_cast<int>(cohort.classes.size())));
  for (const std::uint32_t row : rows) matrix.add(cohort.reference[row], cohort.predicted[row]);
  return matrix;
}

/// A figure of the K x K table.
Measure of_matrix(const ClassCohort& cohort, const char* metric, std::string of,
                  IntervalFrom interval, std::function<Estimate(const ConfusionMatrix&)> figure) {
  return {metric, std::move(of), interval,
          [&cohort, figure = std::move(figure)](Rows rows) -> Result<Estimate> {
            MEDPERF_TRY(const ConfusionMatrix matrix, matrix_of(cohort, rows));
            return figure(matrix);
          }};
}

/// A figure of the probabilities.
Measure of_probabilities(const ClassCohort& cohort, const char* metric, IntervalFrom interval,
                         std::function<Result<Estimate>(const ClassProbabilities&)> figure) {
  return {metric, "", interval,
          [&cohort, figure = std::move(figure)](Rows rows) -> Result<Estimate> {
            const std::size_t width = cohort.classes.size();
            std::vector<int> reference;
            std::vector<double> probabilities;
            reference.reserve(rows.size());
            probabilities.reserve(rows.size() * width);
            for (const std::uint32_t row : rows) {
              reference.push_back(cohort.reference[row]);
              const double* const first = cohort.probabilities.data() + row * width;
              probabilities.insert(probabilities.end(), first, first + width);
            }
            MEDPERF_TRY(const auto cases,
                        ClassProbabilities::of(reference, probabilities, static_cast<int>(width)));
            return figure(cases);
          }};
}

Estimate accuracy_of_matrix(const ConfusionMatrix& matrix, const FormulaIntervals& intervals) {
  std::int64_t right = 0;
  for (int i = 0; i < matrix.classes(); ++i) right += matrix.count(i, i);
  return chosen_interval(metrics::accuracy(matrix, intervals.level), right, matrix.total() - right,
                         intervals);
}

std::vector<Measure> common_measures(const ClassCohort& cohort, const FormulaIntervals& intervals) {
  const double level = intervals.level;
  constexpr IntervalFrom kFormula = IntervalFrom::kFormula;
  constexpr IntervalFrom kResamples = IntervalFrom::kResamples;
  return {
      of_probabilities(cohort, "auroc-one-vs-rest", kResamples,
                       [](const auto& cases) { return metrics::one_vs_rest_auroc(cases); }),
      of_probabilities(cohort, "auroc-hand-till", kResamples, &metrics::hand_till_auroc),
      of_matrix(cohort, "accuracy", "", kFormula,
                [intervals](const auto& matrix) { return accuracy_of_matrix(matrix, intervals); }),
      of_matrix(cohort, "balanced-accuracy", "", kResamples, &metrics::macro_recall),
      of_matrix(cohort, "f1-macro", "", kResamples,
                [](const ConfusionMatrix& matrix) { return metrics::macro_f1(matrix); }),
      of_matrix(cohort, "mcc-multiclass", "", kResamples, &metrics::gorodkin),
      of_matrix(cohort, "kappa", "", kFormula,
                [level](const auto& matrix) {
                  return metrics::cohen_kappa(matrix, metrics::KappaWeights::kNone, level);
                }),
      of_probabilities(
          cohort, "brier-multiclass", kFormula,
          [level](const ClassProbabilities& cases) { return metrics::brier_score(cases, level); }),
      of_probabilities(cohort, "log-loss", kFormula, [level](const ClassProbabilities& cases) {
        return metrics::log_loss(cases, level).estimate;
      })};
}

/// The alternatives; the order of the classes, for the weighted kappas, is that of the columns.
std::vector<Measure> further_measures(const ClassCohort& cohort,
                                      const ClassificationOptions& options) {
  constexpr IntervalFrom kFormula = IntervalFrom::kFormula;
  const double level = options.bootstrap.level;
  const auto kappa = [&](const char* metric, metrics::KappaWeights weights) {
    return of_matrix(cohort, metric, "", kFormula, [level, weights](const ConfusionMatrix& matrix) {
      return metrics::cohen_kappa(matrix, weights, level);
    });
  };
  const int k = options.top_k;
  Measure top = of_probabilities(cohort, "top-k-accuracy", kFormula,
                                 [k, level](const ClassProbabilities& cases) {
                                   return metrics::top_k_accuracy(cases, k, level);
                                 });
  top.of = "k = " + std::to_string(k);
  return {of_matrix(cohort, "f1-micro", "", IntervalFrom::kResamples, &metrics::micro_f1),
          of_matrix(cohort, "f1-weighted", "", IntervalFrom::kResamples, &metrics::weighted_f1),
          kappa("kappa-linear", metrics::KappaWeights::kLinear),
          kappa("kappa-quadratic", metrics::KappaWeights::kQuadratic), std::move(top)};
}

/// Each class against the rest.
std::vector<Measure> class_measures(const ClassCohort& cohort, int index,
                                    const FormulaIntervals& intervals) {
  const std::string of = "class " + cohort.classes[static_cast<std::size_t>(index)];
  const auto measure = [&](const char* metric,
                           Estimate (*figure)(const Confusion&, const FormulaIntervals&)) {
    return of_matrix(cohort, metric, of, IntervalFrom::kFormula,
                     [figure, index, intervals](const ConfusionMatrix& matrix) {
                       return figure(matrix.one_against_rest(index), intervals);
                     });
  };
  return {measure("sensitivity", &sensitivity_of), measure("precision", &precision_of)};
}

/// How many cases needed the floor of the log loss, and how many have no single most probable
/// class.
Status add_altered(const ClassCohort& cohort, FigureSet& set) {
  MEDPERF_TRY(const auto cases, ClassProbabilities::of(cohort.reference, cohort.probabilities,
                                                       static_cast<int>(cohort.classes.size())));
  for (Figure& one : set.figures) {
    if (!one.of.empty()) continue;
    if (one.metric == "log-loss") one.altered["floored"] = metrics::log_loss(cases).floored;
    if (one.metric == "accuracy") one.altered["tied"] = cohort.tied;
  }
  return {};
}

Status add_matrix(const ClassCohort& cohort, FigureSet& set) {
  const int classes = static_cast<int>(cohort.classes.size());
  MEDPERF_TRY(const auto matrix, ConfusionMatrix::of(cohort.reference, cohort.predicted, classes));
  Json::Array rows;
  for (int i = 0; i < classes; ++i) {
    Json::Array row;
    for (int j = 0; j < classes; ++j) row.emplace_back(matrix.count(i, j));
    rows.emplace_back(std::move(row));
  }
  Json::Array names(cohort.classes.begin(), cohort.classes.end());
  set.more.set("classes", Json(std::move(names)));
  set.more.set("confusion", Json(std::move(rows)));
  return {};
}

/// One against the rest, of the classes with the most cases.
Status add_curves(const ClassCohort& cohort, FigureSet& set) {
  const std::size_t classes = cohort.classes.size();
  std::vector<std::size_t> totals(classes);
  for (const int one : cohort.reference) ++totals[static_cast<std::size_t>(one)];
  std::vector<std::size_t> order(classes);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&totals](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
  order.resize(std::min(classes, kMostCurves));
  std::sort(order.begin(), order.end());
  Json curves = Json::object();
  for (const std::size_t i : order) {
    std::vector<metrics::ScoredCase> cases;
    for (std::size_t row = 0; row < cohort.reference.size(); ++row) {
      cases.push_back(
          {cohort.probabilities[row * classes + i], cohort.reference[row] == static_cast<int>(i)});
    }
    MEDPERF_TRY(const Json curve, roc_curve(cases));
    if (!curve.items().empty()) curves.set(cohort.classes[i], curve);
  }
  if (!curves.members().empty()) set.curves.set("roc_of_each", std::move(curves));
  return {};
}

CaseRows rows_of(const ClassCohort& cohort) {
  const auto probability = [&cohort](std::size_t row, int one) {
    return cohort.probabilities[row * cohort.classes.size() + static_cast<std::size_t>(one)];
  };
  return case_rows(
      cohort.reference.size(),
      {"Case", "Reference", "Its probability", "Called", "Its probability", "Outcome"},
      "the less probability the reference class was given, the worse",
      [&cohort, probability](std::size_t i) { return -probability(i, cohort.reference[i]); },
      [&cohort, probability](std::size_t i) -> std::vector<std::string> {
        const int truth = cohort.reference[i];
        const int called = cohort.predicted[i];
        return {cohort.ids[i],
                cohort.classes[static_cast<std::size_t>(truth)],
                cell(probability(i, truth)),
                cohort.classes[static_cast<std::size_t>(called)],
                cell(probability(i, called)),
                truth == called ? "right" : "wrong"};
      });
}

}  // namespace

Result<FigureSet> figures_of_classes(const ClassCohort& cohort,
                                     const ClassificationOptions& options) {
  FigureSet set{"multi-class classification",
                cohort.reference.size(),
                cohort.units.patients,
                {},
                Json::object()};
  std::vector<Measure> measures = common_measures(cohort, options.intervals());
  if (options.further) {
    for (Measure& one : further_measures(cohort, options)) measures.push_back(std::move(one));
  }
  for (int i = 0; i < static_cast<int>(cohort.classes.size()); ++i) {
    for (Measure& one : class_measures(cohort, i, options.intervals()))
      measures.push_back(std::move(one));
  }
  MEDPERF_CHECK(add_figures(measures, cohort.units, options.bootstrap, set));
  MEDPERF_CHECK(
      add_group_figures(measures, cohort.units, options.bootstrap, options.minimum_patients, set));
  MEDPERF_CHECK(add_altered(cohort, set));
  MEDPERF_CHECK(add_matrix(cohort, set));
  MEDPERF_CHECK(add_curves(cohort, set));
  set.rows = rows_of(cohort);
  return set;
}

}  // namespace medperf::cohort
