#pragma once
// Figures of K class probabilities a case.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/probability.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kOneVsRestConvention = "auroc-one-vs-rest-macro";
inline constexpr std::string_view kOneVsRestWeightedConvention = "auroc-one-vs-rest-weighted";
inline constexpr std::string_view kHandTillConvention = "auroc-hand-till";
inline constexpr std::string_view kMultiBrierConvention = "brier-sum-over-classes";
inline constexpr std::string_view kMultiLogLossConvention = "log-loss-floor-2^-52";
inline constexpr std::string_view kTopKConvention = "top-k-ties-against";

namespace flag {
inline constexpr std::string_view kClassMissing = "class_missing";  ///< a class without a case
}  // namespace flag

/// How far the probabilities of a case may miss 1 in sum: what float32 output needs.
inline constexpr double kSumTolerance = 1e-5;

/// Checked reference classes and probabilities; holds views, so both must outlive it.
class ClassProbabilities {
 public:
  /// `reference[i]` in [0, classes); `probabilities` row by row, one row of `classes` a case.
  /// Errors: invalid for sizes that do not fit, classes outside [2, 10,000], a reference class out
  /// of range, a probability outside [0, 1], a row that does not add up to 1 within kSumTolerance
  /// (each names the case).
  static Result<ClassProbabilities> of(std::span<const int> reference,
                                       std::span<const double> probabilities, int classes);

  std::size_t size() const { return reference_.size(); }
  int classes() const { return classes_; }
  int reference(std::size_t i) const { return reference_[i]; }
  std::span<const double> row(std::size_t i) const {
    const auto k = static_cast<std::size_t>(classes_);
    return probabilities_.subspan(i * k, k);
  }
  /// Cases of each reference class.
  std::vector<std::int64_t> class_sizes() const;

 private:
  int classes_ = 0;
  std::span<const int> reference_;
  std::span<const double> probabilities_;
};

/// Sum over classes of (p - y)^2, averaged: in [0, 2]; for K = 2 twice brier_score().
Estimate brier_score(const ClassProbabilities& cases, double level = 0.95);
/// Mean of -log(probability of the reference class), with the floor of the binary log loss.
LogLoss log_loss(const ClassProbabilities& cases, double level = 0.95);

/// Each class against the rest, the class's probability as score; the mean of the K areas, or the
/// mean weighted by the classes' sizes. Undefined: no_cases, class_missing. O(K n log n).
Estimate one_vs_rest_auroc(const ClassProbabilities& cases, bool weighted = false);
/// Hand and Till's M: the mean over pairs of classes of the area between them, each pair scored by
/// both of its probabilities. Does not depend on prevalence. Undefined as above. O(K n log n) for
/// classes of equal size. Source: Hand, Till, Machine Learning 45 (2001) 171.
Estimate hand_till_auroc(const ClassProbabilities& cases);

/// Share of cases whose reference class is among the k most probable, with Wilson's interval. A tie
/// counts against: the case is right only if fewer than k other classes are at least as probable,
/// so that a constant answer gains nothing. Error: invalid for k outside [1, classes].
Result<Estimate> top_k_accuracy(const ClassProbabilities& cases, int k, double level = 0.95);

}  // namespace medperf::metrics
