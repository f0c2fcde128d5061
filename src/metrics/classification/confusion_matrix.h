#pragma once
// Classes without order or with it: the K x K table of reference against prediction and its
// figures.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"

namespace medperf::metrics {

inline constexpr std::string_view kMacroF1Convention = "f1-macro-defined-classes";
inline constexpr std::string_view kMicroF1Convention = "f1-micro-counts";
inline constexpr std::string_view kWeightedF1Convention = "f1-weighted-by-reference";
inline constexpr std::string_view kMacroRecallConvention = "balanced-accuracy-macro-recall";
inline constexpr std::string_view kGorodkinConvention = "mcc-gorodkin-degenerate-0";
inline constexpr std::string_view kKappaConvention = "kappa-cohen";
inline constexpr std::string_view kLinearKappaConvention = "kappa-linear";
inline constexpr std::string_view kQuadraticKappaConvention = "kappa-quadratic";
inline constexpr int kMaxClasses = 10'000;

namespace flag {
/// A macro mean over fewer classes than there are: a class has no figure of its own.
inline constexpr std::string_view kClassesLeftOut = "classes_left_out";
}  // namespace flag

/// Counts of (reference, predicted), both in [0, K).
class ConfusionMatrix {
 public:
  /// All zero. Error: invalid for classes outside [2, 10,000].
  static Result<ConfusionMatrix> empty(int classes);
  /// Of cases given as two lists. Errors: invalid for lists of different length, for classes
  /// outside [2, 10,000] and for a class outside [0, classes) (names the case).
  static Result<ConfusionMatrix> of(std::span<const int> reference, std::span<const int> predicted,
                                    int classes);

  int classes() const { return classes_; }
  std::int64_t count(int reference, int predicted) const {
    return counts_[at(reference, predicted)];
  }
  /// Adds cases; preconditions: classes in range, a count of at least 0.
  void add(int reference, int predicted, std::int64_t cases = 1) {
    counts_[at(reference, predicted)] += cases;
    reference_totals_[static_cast<std::size_t>(reference)] += cases;
    predicted_totals_[static_cast<std::size_t>(predicted)] += cases;
    total_ += cases;
  }
  std::int64_t total() const { return total_; }
  std::int64_t reference_total(int reference) const {
    return reference_totals_[static_cast<std::size_t>(reference)];
  }
  std::int64_t predicted_total(int predicted) const {
    return predicted_totals_[static_cast<std::size_t>(predicted)];
  }
  /// One class against all others.
  Confusion one_against_rest(int positive) const;

 private:
  std::size_t at(int reference, int predicted) const {
    return static_cast<std::size_t>(reference) * static_cast<std::size_t>(classes_) +
           static_cast<std::size_t>(predicted);
  }
  int classes_ = 0;
  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> reference_totals_;
  std::vector<std::int64_t> predicted_totals_;
  std::int64_t total_ = 0;
};

/// Correct cases over all, with Wilson's interval.
Estimate accuracy(const ConfusionMatrix& matrix, double level = 0.95);

/// Mean of the classes' F1. A class that neither the reference nor the prediction has is 0/0 and is
/// left out, with the flag classes_left_out.
Estimate macro_f1(const ConfusionMatrix& matrix);
/// F1 of the counts summed over classes: for one class a case this is the accuracy.
Estimate micro_f1(const ConfusionMatrix& matrix);
/// Mean of the classes' F1 weighted by their number of reference cases.
Estimate weighted_f1(const ConfusionMatrix& matrix);
/// Mean of the classes' recall (balanced accuracy); classes without a reference case are left out,
/// with the flag classes_left_out. Undefined (one_class) when fewer than two are left.
Estimate macro_recall(const ConfusionMatrix& matrix);

/// Gorodkin's R_K, in [-1, 1] (its smallest value depends on K); for K = 2 Matthews' correlation.
/// 0 with flag degenerate when all cases have one reference class or one predicted class.
/// Source: Gorodkin, Comput Biol Chem 28 (2004) 367.
Estimate gorodkin(const ConfusionMatrix& matrix);

enum class KappaWeights { kNone, kLinear, kQuadratic };
/// Cohen's kappa: 1 - (observed disagreement) / (disagreement expected from the margins), with
/// disagreement weights 1, |i - j| or (i - j)^2. Undefined: no_cases, and degenerate when no
/// disagreement is expected (one class on both sides). SE for a test against another value and Wald
/// interval clipped to [-1, 1]. Sources: Cohen, Educ Psychol Meas 20 (1960) 37; Cohen, Psychol Bull
/// 70 (1968) 213; Fleiss, Cohen, Everitt, Psychol Bull 72 (1969) 323 (SE).
Estimate cohen_kappa(const ConfusionMatrix& matrix, KappaWeights weights = KappaWeights::kNone,
                     double level = 0.95);
/// The same, unweighted, of a 2x2 table.
Estimate cohen_kappa(const Confusion& table, double level = 0.95);

}  // namespace medperf::metrics
