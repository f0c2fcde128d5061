#include "metrics/classification/multiclass.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "metrics/classification/auc.h"
#include "metrics/classification/checks.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

/// Why there is no area over classes; empty when there is one.
std::string_view no_area(const ClassProbabilities& cases) {
  if (cases.size() == 0) return flag::kNoCases;
  const auto sizes = cases.class_sizes();
  const bool missing = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  return missing ? flag::kClassMissing : std::string_view{};
}

/// The area of scores that are known to be finite, of two classes that are known to be there.
double area(const std::vector<ScoredCase>& cases) {
  return *auc(cases)->estimate.value;
}

}  // namespace

Result<ClassProbabilities> ClassProbabilities::of(std::span<const int> reference,
                                                  std::span<const double> probabilities,
                                                  int classes) {
  if (classes < 2 || classes > kMaxClasses) {
    return make_error(ErrorKind::kInvalid, "classes",
                      std::to_string(classes) + " is not in 2 to 10,000",
                      "Give the number of classes of the benchmark.");
  }
  if (probabilities.size() != reference.size() * static_cast<std::size_t>(classes)) {
    return make_error(ErrorKind::kInvalid, "probabilities", "there is not one a case and class",
                      "Give one row of class probabilities a case.");
  }
  ClassProbabilities result;
  result.classes_ = classes;
  result.reference_ = reference;
  result.probabilities_ = probabilities;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] < 0 || reference[i] >= classes) {
      return make_error(ErrorKind::kInvalid, case_name(i), "its class is not in the list",
                        "Classes are numbered from 0.");
    }
    double sum = 0;
    for (const double p : result.row(i)) {
      if (!(p >= 0 && p <= 1)) {
        return make_error(ErrorKind::kInvalid, case_name(i), "a probability is not in [0, 1]",
                          "Give probabilities, not logits.");
      }
      sum += p;
    }
    if (std::abs(sum - 1) > kSumTolerance) {
      return make_error(ErrorKind::kInvalid, case_name(i), "its probabilities do not add up to 1",
                        "Classes exclude each other here; for labels that may occur together use "
                        "the multi-label figures.");
    }
  }
  return result;
}

std::vector<std::int64_t> ClassProbabilities::class_sizes() const {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(classes_));
  for (const int k : reference_) ++sizes[static_cast<std::size_t>(k)];
  return sizes;
}

Estimate brier_score(const ClassProbabilities& cases, double level) {
  std::vector<double> losses(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto row = cases.row(i);
    for (int k = 0; k < cases.classes(); ++k) {
      const double error = row[static_cast<std::size_t>(k)] - (cases.reference(i) == k ? 1 : 0);
      losses[i] += error * error;
    }
  }
  Estimate estimate = mean_estimate(losses, level).value();
  estimate.convention = kMultiBrierConvention;
  if (estimate.interval) {
    estimate.interval->low = std::max(0.0, estimate.interval->low);
    estimate.interval->high = std::min(2.0, estimate.interval->high);
  }
  return estimate;
}

LogLoss log_loss(const ClassProbabilities& cases, double level) {
  LogLoss result;
  std::vector<double> losses(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const double p = cases.row(i)[static_cast<std::size_t>(cases.reference(i))];
    if (p < kLogLossFloor) ++result.floored;
    losses[i] = -std::log(std::max(p, kLogLossFloor));
  }
  result.estimate = mean_estimate(losses, level).value();
  result.estimate.convention = kMultiLogLossConvention;
  if (result.estimate.interval) {
    result.estimate.interval->low = std::max(0.0, result.estimate.interval->low);
  }
  return result;
}

Estimate one_vs_rest_auroc(const ClassProbabilities& cases, bool weighted) {
  Estimate estimate;
  estimate.convention = weighted ? kOneVsRestWeightedConvention : kOneVsRestConvention;
  estimate.flag = no_area(cases);
  if (!estimate.flag.empty()) return estimate;
  const auto sizes = cases.class_sizes();
  std::vector<ScoredCase> scored(cases.size());
  double sum = 0;
  for (int k = 0; k < cases.classes(); ++k) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      scored[i] = {cases.row(i)[static_cast<std::size_t>(k)], cases.reference(i) == k};
    }
    const double weight = weighted ? static_cast<double>(sizes[static_cast<std::size_t>(k)]) : 1.0;
    sum += weight * area(scored);
  }
  estimate.value = sum / (weighted ? static_cast<double>(cases.size()) : cases.classes());
  return estimate;
}

Estimate hand_till_auroc(const ClassProbabilities& cases) {
  Estimate estimate;
  estimate.convention = kHandTillConvention;
  estimate.flag = no_area(cases);
  if (!estimate.flag.empty()) return estimate;
  std::vector<std::vector<std::size_t>> members(static_cast<std::size_t>(cases.classes()));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    members[static_cast<std::size_t>(cases.reference(i))].push_back(i);
  }
  double sum = 0;
  std::vector<ScoredCase> scored;
  for (std::size_t a = 0; a < members.size(); ++a) {
    for (std::size_t b = 0; b < members.size(); ++b) {
      if (a == b) continue;
      scored.clear();  // the area of class a above class b by the probability of a
      for (const std::size_t i : members[a]) scored.push_back({cases.row(i)[a], true});
      for (const std::size_t i : members[b]) scored.push_back({cases.row(i)[a], false});
      sum += area(scored);
    }
  }
  const double pairs = static_cast<double>(cases.classes()) * (cases.classes() - 1);
  estimate.value = sum / pairs;
  return estimate;
}

Result<Estimate> top_k_accuracy(const ClassProbabilities& cases, int k, double level) {
  MEDPERF_CHECK(check_level(level));
  if (k < 1 || k > cases.classes()) {
    return make_error(ErrorKind::kInvalid, "k", "it is not in 1 to the number of classes",
                      "1 asks for the most probable class.");
  }
  std::int64_t right = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto row = cases.row(i);
    const double own = row[static_cast<std::size_t>(cases.reference(i))];
    const auto at_least =
        std::count_if(row.begin(), row.end(), [own](double p) { return p >= own; });
    right += at_least <= k ? 1 : 0;  // the class itself is one of them
  }
  Estimate estimate = wilson(right, static_cast<std::int64_t>(cases.size()), level);
  estimate.convention = kTopKConvention;
  return estimate;
}

}  // namespace medperf::metrics
