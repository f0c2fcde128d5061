#pragma once
// The command line of `medperf-metrics` as a value.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medperf::metrics_app {

enum class Task {
  kSegmentation,
  kClassification,
  kRegression,
  kValues,
  kCompare,
  kRank,
  kNoise,
  kMeta,
  kPool,
  kList,
  kDescribe,
};

struct Request {
  Task task = Task::kList;
  std::vector<std::string> inputs;  ///< files or folders, or the metric to describe
  // How to answer.
  bool json = false;
  bool csv = false;
  bool quiet = false;
  std::string json_file;
  std::string csv_file;
  std::string html_file;
  std::string summary_file;
  // Of segmentation.
  std::vector<std::string> regions;
  std::vector<std::string> labels;
  std::vector<std::string> metrics;
  std::vector<double> tau_mm;
  std::vector<double> spacing_mm;
  std::string lesion_policy;
  bool resample_nearest = false;
  double iou_above = 0.5;
  std::string matching = "greedy";
  int connectivity = 26;
  bool instance_maps = false;
  int largest_map_mib = 1024;
  // Of statistics.
  std::string patients;  ///< file of a table case_id,patient
  double threshold = 0.5;
  int top_k = 2;
  double level = 0.95;
  std::string proportions = "wilson";
  std::string areas = "delong";
  std::string bootstrap_interval = "percentile";
  int replicates = 2000;
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores
  // Of several models.
  std::string labels_file;
  std::string missing = "refuse";
  std::string better;
  std::string part;
  // Of values per case, and of doubted labels.
  std::vector<double> quantiles = {0.5};
  int minimum_patients = 10;
  std::vector<double> shares = {0.01, 0.05, 0.1};
  // Which of the named alternatives; empty: the command's default.
  std::string interval;
  std::string scale;
  std::string estimator;
  std::string prediction;
};

/// Either a request, or text to print and an exit code (help, version, a mistake).
struct Parsed {
  std::optional<Request> request;
  int exit_code = 0;
  std::string text;
};
Parsed parse(const std::vector<std::string>& arguments);

/// The manual page medperf-metrics.1, from the same tables as the help.
std::string manual_page();

}  // namespace medperf::metrics_app
