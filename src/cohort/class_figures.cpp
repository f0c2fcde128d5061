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
Measure of_matrix(const ClassCohort& cohort, std::string_view metric, std::string of,
                  IntervalFrom interval,
                  std::function<Result<Estimate>(const ConfusionMatrix&)> figure) {
  return {std::string(metric), std::move(of), interval,
          [&cohort, figure = std::move(figure)](Rows rows) -> Result<Estimate> {
            MEDPERF_TRY(const ConfusionMatrix matrix, matrix_of(cohort, rows));
            return figure(matrix);
          }};
}

/// Precondition: `shown` is one of metrics::matrix_figures().
Measure of_matrix(const ClassCohort& cohort, Shown shown, const metrics::FigureOptions& options) {
  const auto* const found = metrics::find_figure(metrics::matrix_figures(), shown.id);
  return of_matrix(
      cohort, shown.id, "", shown.interval,
      [found, options](const ConfusionMatrix& matrix) { return found->of(matrix, options); });
}

/// A figure of the probabilities. Precondition: it is one of metrics::probability_figures().
Measure of_probabilities(const ClassCohort& cohort, Shown shown,
                         const metrics::FigureOptions& options) {
  const auto* const found = metrics::find_figure(metrics::probability_figures(), shown.id);
  return {std::string(shown.id), "", shown.interval,
          [&cohort, found, options](Rows rows) -> Result<Estimate> {
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
            return found->of(cases, options);
          }};
}

constexpr IntervalFrom kFormula = IntervalFrom::kFormula, kResamples = IntervalFrom::kResamples;
constexpr Shown kAreas[] = {{"auroc-one-vs-rest", kResamples}, {"auroc-hand-till", kResamples}};
constexpr Shown kMatrix[] = {{"accuracy", kFormula},
                             {"balanced-accuracy", kResamples},
                             {"f1-macro", kResamples},
                             {"mcc-multiclass", kResamples},
                             {"kappa", kFormula}};
constexpr Shown kLosses[] = {{"brier-multiclass", kFormula}, {"log-loss", kFormula}};
constexpr Shown kFurtherAreas[] = {{"auroc-one-vs-rest-weighted", kResamples}};
// The order of the classes, for the weighted kappas, is that of the columns.
constexpr Shown kFurtherMatrix[] = {{"f1-micro", kResamples},
                                    {"f1-weighted", kResamples},
                                    {"kappa-linear", kFormula},
                                    {"kappa-quadratic", kFormula}};

/// Of all classes together.
std::vector<Measure> common_measures(const ClassCohort& cohort,
                                     const ClassificationOptions& options) {
  const metrics::FigureOptions figures = options.figures();
  std::vector<Measure> measures;
  const auto of_table = [&](std::span<const Shown> list) {
    for (const Shown& one : list) measures.push_back(of_matrix(cohort, one, figures));
  };
  const auto of_shares = [&](std::span<const Shown> list) {
    for (const Shown& one : list) measures.push_back(of_probabilities(cohort, one, figures));
  };
  of_shares(kAreas);
  of_table(kMatrix);
  of_shares(kLosses);
  if (!options.further) return measures;
  of_shares(kFurtherAreas);
  of_table(kFurtherMatrix);
  measures.push_back(of_probabilities(cohort, {"top-k-accuracy", kFormula}, figures));
  measures.back().of = "k = " + std::to_string(options.top_k);
  return measures;
}

/// Each class against the rest.
std::vector<Measure> class_measures(const ClassCohort& cohort, int index,
                                    const metrics::FormulaIntervals& intervals) {
  const std::string of = "class " + cohort.classes[static_cast<std::size_t>(index)];
  const auto measure = [&](const char* metric,
                           Estimate (*figure)(const Confusion&, const metrics::FormulaIntervals&)) {
    return of_matrix(cohort, metric, of, kFormula,
                     [figure, index, intervals](const ConfusionMatrix& matrix) {
                       return figure(matrix.one_against_rest(index), intervals);
                     });
  };
  return {measure("sensitivity", &metrics::sensitivity_of),
          measure("precision", &metrics::precision_of)};
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
  std::vector<Measure> measures = common_measures(cohort, options);
  const metrics::FormulaIntervals intervals = options.figures().intervals;
  for (int i = 0; i < static_cast<int>(cohort.classes.size()); ++i) {
    for (Measure& one : class_measures(cohort, i, intervals)) measures.push_back(std::move(one));
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
