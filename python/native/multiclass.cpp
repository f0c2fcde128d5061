// Several classes a case, or several labels.

#include "metrics/classification/multiclass.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/multilabel.h"
#include "tasks.h"

namespace medperf::python {
namespace {

/// The rows of a table with so many columns. Invalid where they are not whole.
Result<std::size_t> rows_of(std::string_view name, std::size_t values, std::int64_t columns) {
  if (values % static_cast<std::size_t>(columns) != 0) {
    return wrong(name, "it does not have whole rows of " + std::to_string(columns));
  }
  return values / static_cast<std::size_t>(columns);
}

Json table_of(const metrics::ConfusionMatrix& matrix, Columns& columns) {
  std::vector<double> cells;
  for (int i = 0; i < matrix.classes(); ++i) {
    for (int j = 0; j < matrix.classes(); ++j) {
      cells.push_back(static_cast<double>(matrix.count(i, j)));
    }
  }
  return columns.add(cells, matrix.classes());
}

/// predicted, reference, patients; classes, level.
Result<Json> classes(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto count, arguments.count("classes", 2, 2, metrics::kMaxClasses));
  MEDPERF_TRY(const auto predicted, arguments.classes("predicted", count));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", count));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_CHECK(same_length("predicted", predicted.size(), "reference", reference.size()));
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(reference.size()));
  MEDPERF_TRY(const auto matrix,
              metrics::ConfusionMatrix::of(reference, predicted, static_cast<int>(count)));
  const auto of = [&](const metrics::Estimate& one) { return figure(one, repeat); };
  using metrics::KappaWeights;
  Json::Array tables;
  for (int i = 0; i < matrix.classes(); ++i) tables.push_back(counts(matrix.one_against_rest(i)));
  return Json::object(
      {{"matrix", table_of(matrix, columns)},
       {"accuracy", of(metrics::accuracy(matrix, level))},
       {"balanced_accuracy", of(metrics::macro_recall(matrix))},
       {"f1_macro", of(metrics::macro_f1(matrix))},
       {"f1_micro", of(metrics::micro_f1(matrix))},
       {"f1_weighted", of(metrics::weighted_f1(matrix))},
       {"mcc", of(metrics::gorodkin(matrix))},
       {"kappa", of(metrics::cohen_kappa(matrix, KappaWeights::kNone, level))},
       {"kappa_linear", of(metrics::cohen_kappa(matrix, KappaWeights::kLinear, level))},
       {"kappa_quadratic", of(metrics::cohen_kappa(matrix, KappaWeights::kQuadratic, level))},
       {"classes", Json(std::move(tables))}});
}

/// probabilities (row by row), reference, patients; classes, top_k, level.
Result<Json> multiclass(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto count, arguments.count("classes", 2, 2, metrics::kMaxClasses));
  MEDPERF_TRY(const auto rows, arguments.numbers("probabilities"));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", count));
  MEDPERF_TRY(const auto k, arguments.count("top_k", 1, 1, count));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_TRY(const auto cases, rows_of("probabilities", rows.size(), count));
  MEDPERF_CHECK(same_length("probabilities", cases, "reference", reference.size()));
  MEDPERF_TRY(const bool repeat, arguments.patients_repeat(cases));
  auto checked = metrics::ClassProbabilities::of(reference, rows, static_cast<int>(count));
  if (!checked) return std::move(checked).error().at("probabilities");
  MEDPERF_TRY(const auto top, metrics::top_k_accuracy(*checked, static_cast<int>(k), level));
  const auto loss = metrics::log_loss(*checked, level);
  const auto of = [&](const metrics::Estimate& one) { return figure(one, repeat); };
  return Json::object({{"auroc_macro", of(metrics::one_vs_rest_auroc(*checked))},
                       {"auroc_weighted", of(metrics::one_vs_rest_auroc(*checked, true))},
                       {"auroc_hand_till", of(metrics::hand_till_auroc(*checked))},
                       {"brier", of(metrics::brier_score(*checked, level))},
                       {"log_loss", of(loss.estimate)},
                       {"floored", loss.floored},
                       {"top_k_accuracy", of(top)}});
}

/// scores and labels row by row; columns, threshold, level.
Result<Json> multilabel(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto scores, arguments.numbers("scores"));
  MEDPERF_TRY(const auto reference, arguments.yes_or_no("labels"));
  MEDPERF_TRY(const auto columns, arguments.count("columns", 1, 1, 10'000));
  MEDPERF_TRY(const double threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_CHECK(same_length("scores", scores.size(), "labels", reference.size()));
  MEDPERF_CHECK(rows_of("scores", scores.size(), columns));
  const int labels = static_cast<int>(columns);
  std::vector<std::uint8_t> called(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) called[i] = scores[i] >= threshold ? 1 : 0;
  MEDPERF_TRY(const auto area, metrics::macro_auroc(reference, scores, labels));
  MEDPERF_TRY(const auto tables, metrics::label_tables(reference, called, labels));
  Json::Array of_labels;
  for (const metrics::Confusion& one : tables.labels) of_labels.push_back(counts(one));
  return Json::object({{"auroc_macro", figure(area)},
                       {"f1_macro", figure(metrics::macro_f1(tables))},
                       {"f1_micro", figure(metrics::micro_f1(tables))},
                       {"hamming_loss", figure(metrics::hamming_loss(tables))},
                       {"subset_accuracy", figure(metrics::subset_accuracy(tables, level))},
                       {"labels", Json(std::move(of_labels))}});
}

constexpr NamedTask kTasks[] = {
    {"classes", classes}, {"multiclass", multiclass}, {"multilabel", multilabel}};

}  // namespace

std::span<const NamedTask> multiclass_tasks() {
  return kTasks;
}

}  // namespace medperf::python
