#pragma once
// What was measured: one figure per case and column, whatever the task.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/case_list.h"
#include "metrics/estimate.h"
#include "metrics/segmentation/overlap.h"

namespace medperf::cohort {

/// One figure that every case gets.
struct Column {
  std::string metric;            ///< id of the vocabulary
  std::string region;            ///< empty: the figure is not of a region
  std::optional<double> tau_mm;  ///< tolerance, of metrics that need one
  std::string part = {};         ///< of metrics with several figures a case: "prediction", "tp"
  /// "WT", "WT 2 mm", "WT prediction": what the figure is of.
  std::string of() const;
  /// "WT dice", "WT nsd 2 mm": for tables and plots.
  std::string title() const;
};

struct CaseResult {
  CaseFiles files;
  std::vector<metrics::Estimate> values;  ///< as the columns, finite; empty when the case failed
  std::optional<Error> failure;           ///< why there are no values, and what to do
  std::vector<std::string> remarks;       ///< e.g. that the prediction was resampled
  /// Of label maps: one a region, in the order of the options' regions.
  std::vector<metrics::Overlap> overlaps = {};
};

struct CohortResult {
  std::vector<Column> columns;
  std::vector<CaseResult> cases;  ///< in the order they were given
  std::size_t failed() const;
};

}  // namespace medperf::cohort
