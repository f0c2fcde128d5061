#include "apps/metrics/commands.h"

#include <algorithm>
#include <array>
#include <span>

#include "cohort/segmentation.h"

namespace medperf::metrics_app {
namespace {

using Ids = std::span<const std::string_view>;

constexpr std::string_view kClassification[] = {
    // Two classes.
    "case-count", "confusion-count", "decision-threshold", "auroc", "auprc", "auprc-trapezoid",
    "sensitivity", "specificity", "precision", "npv", "accuracy", "balanced-accuracy", "youden",
    "lr-positive", "lr-negative", "f1", "mcc", "brier", "log-loss", "ece", "ece-equal-mass", "mce",
    "calibration-slope", "calibration-in-the-large", "net-benefit",
    // Several.
    "auroc-one-vs-rest", "auroc-one-vs-rest-weighted", "auroc-hand-till", "top-k-accuracy",
    "f1-macro", "f1-micro", "f1-weighted", "mcc-multiclass", "kappa", "kappa-linear",
    "kappa-quadratic", "brier-multiclass",
    // Several labels a case.
    "auroc-macro-labels", "f1-macro-labels", "f1-micro-labels", "hamming-loss", "subset-accuracy"};

constexpr std::string_view kRegression[] = {"mae",     "rmse",     "bias",    "limits-of-agreement",
                                            "ccc",     "icc-1-1",  "icc-a-1", "icc-c-1",
                                            "pearson", "spearman", "r2"};

constexpr std::string_view kValues[] = {"mean", "quantile"};

constexpr std::string_view kCompare[] = {
    "auroc", "accuracy", "mean", "auroc-difference", "mean-difference", "accuracy-difference"};

constexpr std::string_view kRank[] = {"rank", "auroc", "accuracy", "mean"};

constexpr std::string_view kNoise[] = {"auroc",    "sensitivity", "specificity",
                                       "accuracy", "precision",   "balanced-accuracy",
                                       "npv",      "f1",          "mcc"};

constexpr std::string_view kMeta[] = {"auroc", "sensitivity", "specificity"};

/// Beside those of label maps, whose means it gives.
constexpr std::string_view kPool[] = {"auroc",
                                      "sensitivity",
                                      "specificity",
                                      "accuracy",
                                      "precision",
                                      "npv",
                                      "balanced-accuracy",
                                      "f1",
                                      "mcc",
                                      "brier",
                                      "ece",
                                      "calibration-slope",
                                      "calibration-in-the-large",
                                      "observed-expected-ratio",
                                      "f1-macro",
                                      "mcc-multiclass",
                                      "kappa",
                                      "dice-micro"};

bool has(Ids ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

struct Command {
  std::string_view name;
  Ids ids;
  bool label_maps = false;  ///< gives those of segmentation too
};

constexpr std::array kCommands = {
    Command{"segmentation", {}, true},  Command{"classification", kClassification},
    Command{"regression", kRegression}, Command{"values", kValues},
    Command{"compare", kCompare},       Command{"rank", kRank},
    Command{"noise", kNoise},           Command{"meta", kMeta},
    Command{"pool", kPool, true},
};

}  // namespace

std::vector<std::string_view> commands_of(std::string_view id) {
  const auto of_label_maps = cohort::segmentation_metrics();
  std::vector<std::string_view> found;
  for (const Command& command : kCommands) {
    if (has(command.ids, id) || (command.label_maps && has(of_label_maps, id))) {
      found.push_back(command.name);
    }
  }
  return found;
}

}  // namespace medperf::metrics_app
