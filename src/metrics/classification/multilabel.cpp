#include "metrics/classification/multilabel.h"

#include <string>

#include "metrics/classification/auc.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

Status check_sizes(std::size_t reference, std::size_t other, int labels) {
  if (labels < 1 || labels > kMaxClasses) {
    return make_error(ErrorKind::kInvalid, "labels",
                      std::to_string(labels) + " is not in 1 to 10,000",
                      "Give the number of labels of the benchmark.");
  }
  if (reference != other || reference % static_cast<std::size_t>(labels) != 0) {
    return make_error(ErrorKind::kInvalid, "labels", "there is not one value a case and label",
                      "Give one row of labels a case on both sides.");
  }
  return {};
}

void count(Confusion& table, bool reference, bool called) {
  if (reference) {
    (called ? table.tp : table.fn) += 1;
  } else {
    (called ? table.fp : table.tn) += 1;
  }
}

Confusion summed(const LabelTables& tables) {
  Confusion sum;
  for (const Confusion& table : tables.labels) {
    sum.tp += table.tp;
    sum.fp += table.fp;
    sum.tn += table.tn;
    sum.fn += table.fn;
  }
  return sum;
}

}  // namespace

Result<LabelTables> label_tables(std::span<const std::uint8_t> reference,
                                 std::span<const std::uint8_t> called, int labels) {
  MEDPERF_CHECK(check_sizes(reference.size(), called.size(), labels));
  const auto width = static_cast<std::size_t>(labels);
  LabelTables tables;
  tables.labels.resize(width);
  for (std::size_t begin = 0; begin < reference.size(); begin += width) {
    bool right = true;
    for (std::size_t l = 0; l < width; ++l) {
      const bool present = reference[begin + l] != 0;
      const bool found = called[begin + l] != 0;
      count(tables.labels[l], present, found);
      right = right && present == found;
    }
    tables.cases += 1;
    tables.all_right += right ? 1 : 0;
  }
  return tables;
}

Estimate macro_f1(const LabelTables& tables) {
  Estimate estimate;
  estimate.convention = kMultiLabelMacroF1Convention;
  if (tables.cases == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  double sum = 0;
  std::size_t defined = 0;
  for (const Confusion& table : tables.labels) {
    const Estimate one = f1(table);
    sum += one.value.value_or(0);
    defined += one.value ? 1 : 0;
  }
  if (defined == 0) {
    estimate.flag = flag::kNothingPositive;
    return estimate;
  }
  if (defined < tables.labels.size()) estimate.flag = flag::kLabelsLeftOut;
  estimate.value = sum / static_cast<double>(defined);
  return estimate;
}

Estimate micro_f1(const LabelTables& tables) {
  Estimate estimate = f1(summed(tables));
  estimate.convention = kMultiLabelMicroF1Convention;
  if (tables.cases == 0) estimate.flag = flag::kNoCases;
  return estimate;
}

Estimate subset_accuracy(const LabelTables& tables, double level) {
  Estimate estimate = wilson(tables.all_right, tables.cases, level);
  estimate.convention = kSubsetAccuracyConvention;
  return estimate;
}

Estimate hamming_loss(const LabelTables& tables) {
  Estimate estimate;
  estimate.convention = kHammingConvention;
  const Confusion sum = summed(tables);
  if (sum.total() == 0) {
    estimate.flag = flag::kNoCases;
  } else {
    estimate.value = static_cast<double>(sum.fp + sum.fn) / static_cast<double>(sum.total());
  }
  return estimate;
}

Result<Estimate> macro_auroc(std::span<const std::uint8_t> reference,
                             std::span<const double> scores, int labels) {
  MEDPERF_CHECK(check_sizes(reference.size(), scores.size(), labels));
  const auto width = static_cast<std::size_t>(labels);
  Estimate estimate;
  estimate.convention = kMacroAurocConvention;
  std::vector<ScoredCase> scored(reference.size() / width);
  double sum = 0;
  std::size_t defined = 0;
  for (std::size_t l = 0; l < width; ++l) {
    for (std::size_t i = 0; i < scored.size(); ++i) {
      scored[i] = {scores[i * width + l], reference[i * width + l] != 0};
    }
    MEDPERF_TRY(const Auc one, auc(scored));
    sum += one.estimate.value.value_or(0);
    defined += one.estimate.value ? 1 : 0;
  }
  if (defined == 0) {
    estimate.flag = scored.empty() ? flag::kNoCases : flag::kOneClass;
    return estimate;
  }
  if (defined < width) estimate.flag = flag::kLabelsLeftOut;
  estimate.value = sum / static_cast<double>(defined);
  return estimate;
}

}  // namespace medperf::metrics
