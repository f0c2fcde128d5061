#include "metrics/classification/confusion_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "metrics/classification/checks.h"
#include "metrics/statistics/distributions.h"
#include "metrics/statistics/proportion.h"

namespace medperf::metrics {
namespace {

double number(std::int64_t x) {
  return static_cast<double>(x);
}

/// The weighted mean of the classes' values that exist.
template <typename Value, typename Weight>
Estimate mean_over_classes(const ConfusionMatrix& matrix, std::string_view convention,
                           const Value& value, const Weight& weight) {
  Estimate estimate;
  estimate.convention = convention;
  double sum = 0;
  double weights = 0;
  for (int k = 0; k < matrix.classes(); ++k) {
    const Confusion table = matrix.one_against_rest(k);
    const Estimate one = value(table);
    if (!one.value) {
      estimate.flag = flag::kClassesLeftOut;
      continue;
    }
    sum += weight(table) * *one.value;
    weights += weight(table);
  }
  if (weights > 0) estimate.value = sum / weights;
  if (matrix.total() == 0) estimate.flag = flag::kNoCases;
  return estimate;
}

double one(const Confusion&) {
  return 1;
}

double disagreement(KappaWeights weights, int i, int j) {
  const double distance = std::abs(i - j);
  switch (weights) {
    case KappaWeights::kLinear:
      return distance;
    case KappaWeights::kQuadratic:
      return distance * distance;
    case KappaWeights::kNone:
      break;
  }
  return i == j ? 0 : 1;
}

std::string_view kappa_convention(KappaWeights weights) {
  switch (weights) {
    case KappaWeights::kLinear:
      return kLinearKappaConvention;
    case KappaWeights::kQuadratic:
      return kQuadraticKappaConvention;
    case KappaWeights::kNone:
      break;
  }
  return kKappaConvention;
}

/// Shares of the table and of its margins.
struct Shares {
  std::vector<double> reference;
  std::vector<double> predicted;
  double n = 0;
};

Shares shares(const ConfusionMatrix& matrix) {
  Shares result;
  result.n = number(matrix.total());
  for (int k = 0; k < matrix.classes(); ++k) {
    result.reference.push_back(number(matrix.reference_total(k)) / result.n);
    result.predicted.push_back(number(matrix.predicted_total(k)) / result.n);
  }
  return result;
}

/// Fleiss, Cohen, Everitt (1969), formula 14, in terms of disagreement v = 1 - w (the scale of v
/// cancels).
double kappa_variance(const ConfusionMatrix& matrix, const Shares& share, KappaWeights weights,
                      double observed, double expected) {
  const int classes = matrix.classes();
  std::vector<double> row(static_cast<std::size_t>(classes)), column(row);
  for (int i = 0; i < classes; ++i) {
    for (int j = 0; j < classes; ++j) {
      const double v = disagreement(weights, i, j);
      row[static_cast<std::size_t>(i)] += v * share.predicted[static_cast<std::size_t>(j)];
      column[static_cast<std::size_t>(j)] += v * share.reference[static_cast<std::size_t>(i)];
    }
  }
  // kappa = 1 - observed / expected; its influence at cell (i, j) by the delta method.
  std::vector<std::pair<double, double>> influences;  // share of the cell, influence
  double mean = 0;
  double size = 0;
  for (int i = 0; i < classes; ++i) {
    for (int j = 0; j < classes; ++j) {
      const double p = number(matrix.count(i, j)) / share.n;
      if (p == 0) continue;
      const double margins = row[static_cast<std::size_t>(i)] + column[static_cast<std::size_t>(j)];
      const double influence =
          (observed * margins / expected - disagreement(weights, i, j)) / expected;
      influences.emplace_back(p, influence);
      mean += p * influence;
      size = std::max(size, observed * margins / expected / expected);
    }
  }
  double squares = 0;
  for (const auto& [p, influence] : influences) {
    squares += p * (influence - mean) * (influence - mean);
  }
  // Equal influences, as in a table without errors: 0 but for rounding.
  constexpr double kRounding = 1e-13;
  return squares <= kRounding * size * kRounding * size ? 0 : squares / share.n;
}

}  // namespace

Result<ConfusionMatrix> ConfusionMatrix::empty(int classes) {
  if (classes < 2 || classes > kMaxClasses) {
    return make_error(ErrorKind::kInvalid, "classes",
                      std::to_string(classes) + " is not in 2 to 10,000",
                      "Give the number of classes of the benchmark, also those no case has.");
  }
  ConfusionMatrix matrix;
  matrix.classes_ = classes;
  matrix.counts_.resize(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes));
  matrix.reference_totals_.resize(static_cast<std::size_t>(classes));
  matrix.predicted_totals_.resize(static_cast<std::size_t>(classes));
  return matrix;
}

Result<ConfusionMatrix> ConfusionMatrix::of(std::span<const int> reference,
                                            std::span<const int> predicted, int classes) {
  MEDPERF_TRY(ConfusionMatrix matrix, empty(classes));
  if (reference.size() != predicted.size()) {
    return make_error(ErrorKind::kInvalid, "predicted", "there is not one prediction a case",
                      "Give as many predictions as reference classes.");
  }
  const auto valid = [classes](int k) { return k >= 0 && k < classes; };
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (!valid(reference[i]) || !valid(predicted[i])) {
      return make_error(ErrorKind::kInvalid, case_name(i), "its class is not in the list",
                        "Classes are numbered from 0.");
    }
    matrix.add(reference[i], predicted[i]);
  }
  return matrix;
}

Confusion ConfusionMatrix::one_against_rest(int positive) const {
  Confusion table;
  table.tp = count(positive, positive);
  table.fn = reference_total(positive) - table.tp;
  table.fp = predicted_total(positive) - table.tp;
  table.tn = total() - table.tp - table.fn - table.fp;
  return table;
}

Estimate accuracy(const ConfusionMatrix& matrix, double level) {
  std::int64_t right = 0;
  for (int k = 0; k < matrix.classes(); ++k) right += matrix.count(k, k);
  return wilson(right, matrix.total(), level);
}

Estimate macro_f1(const ConfusionMatrix& matrix) {
  return mean_over_classes(matrix, kMacroF1Convention, f1, one);
}

Estimate micro_f1(const ConfusionMatrix& matrix) {
  Estimate estimate = accuracy(matrix);
  estimate.convention = kMicroF1Convention;
  estimate.interval.reset();
  return estimate;
}

Estimate weighted_f1(const ConfusionMatrix& matrix) {
  Estimate estimate = mean_over_classes(matrix, kWeightedF1Convention, f1,
                                        [](const Confusion& t) { return number(t.tp + t.fn); });
  // A class without a case has no weight, so leaving it out changes nothing.
  if (estimate.value) estimate.flag = {};
  return estimate;
}

Estimate macro_recall(const ConfusionMatrix& matrix) {
  Estimate estimate = mean_over_classes(
      matrix, kMacroRecallConvention, [](const Confusion& t) { return sensitivity(t); }, one);
  int present = 0;
  for (int k = 0; k < matrix.classes(); ++k) present += matrix.reference_total(k) > 0 ? 1 : 0;
  if (present == 1) {
    estimate.value.reset();
    estimate.flag = flag::kOneClass;
  }
  return estimate;
}

Estimate gorodkin(const ConfusionMatrix& matrix) {
  Estimate estimate;
  estimate.convention = kGorodkinConvention;
  if (matrix.total() == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  const Shares share = shares(matrix);
  double agreed = 0;
  double product = 0;
  double reference = 1;
  double predicted = 1;
  for (int k = 0; k < matrix.classes(); ++k) {
    const double r = share.reference[static_cast<std::size_t>(k)];
    const double p = share.predicted[static_cast<std::size_t>(k)];
    agreed += number(matrix.count(k, k)) / share.n;
    product += r * p;
    reference -= r * r;
    predicted -= p * p;
  }
  const auto single = [](const std::vector<double>& s) {
    return std::find(s.begin(), s.end(), 1.0) != s.end();
  };
  if (single(share.reference) || single(share.predicted)) {
    estimate.value = 0;
    estimate.flag = flag::kDegenerate;
  } else {
    estimate.value =
        std::clamp((agreed - product) / (std::sqrt(reference) * std::sqrt(predicted)), -1.0, 1.0);
  }
  return estimate;
}

Estimate cohen_kappa(const ConfusionMatrix& matrix, KappaWeights weights, double level) {
  Estimate estimate;
  estimate.convention = kappa_convention(weights);
  if (matrix.total() == 0) {
    estimate.flag = flag::kNoCases;
    return estimate;
  }
  const Shares share = shares(matrix);
  double observed = 0;
  double expected = 0;
  for (int i = 0; i < matrix.classes(); ++i) {
    for (int j = 0; j < matrix.classes(); ++j) {
      const double v = disagreement(weights, i, j);
      observed += v * number(matrix.count(i, j)) / share.n;
      expected += v * share.reference[static_cast<std::size_t>(i)] *
                  share.predicted[static_cast<std::size_t>(j)];
    }
  }
  if (expected == 0) {
    estimate.flag = flag::kDegenerate;
    return estimate;
  }
  const double value = 1 - observed / expected;
  estimate.value = value;
  const double se = std::sqrt(kappa_variance(matrix, share, weights, observed, expected));
  estimate.se = se;
  if (se == 0) {
    estimate.flag = flag::kNoVariance;
    return estimate;
  }
  const double half = normal_quantile(0.5 + level / 2) * se;
  estimate.interval = Interval{std::max(-1.0, value - half), std::min(1.0, value + half)};
  return estimate;
}

Estimate cohen_kappa(const Confusion& table, double level) {
  auto matrix = ConfusionMatrix::empty(2);
  matrix->add(1, 1, table.tp);
  matrix->add(0, 1, table.fp);
  matrix->add(0, 0, table.tn);
  matrix->add(1, 0, table.fn);
  return cohen_kappa(*matrix, KappaWeights::kNone, level);
}

}  // namespace medperf::metrics
