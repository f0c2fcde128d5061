#pragma once
// The tasks of medperf_figures: each takes arguments and gives a JSON value whose members the
// Python side names alike (a dataclass a task).

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "base/json.h"
#include "base/result.h"
#include "metrics/classification/threshold.h"
#include "metrics/estimate.h"
#include "metrics/estimate_json.h"
#include "metrics/statistics/bootstrap.h"

namespace medperf::python {

/// Numbers of an answer that are passed as they are.
class Columns {
 public:
  /// {"column": [first, count]}
  Json add(std::span<const double> values);
  /// {"column": [first, count], "width": width}: rows of so many.
  Json add(std::span<const double> values, int width);
  const std::vector<double>& numbers() const { return numbers_; }

 private:
  std::vector<double> numbers_;
};

using Task = Result<Json> (*)(Arguments& arguments, Columns& columns);
struct NamedTask {
  std::string_view name;
  Task task;
};

// By subject, one file each.
std::span<const NamedTask> binary_tasks();      ///< scores against two classes
std::span<const NamedTask> multiclass_tasks();  ///< several classes or labels a case
std::span<const NamedTask> measurement_tasks();
std::span<const NamedTask> comparison_tasks();
std::span<const NamedTask> summary_tasks();
std::span<const NamedTask> label_map_tasks();
std::span<const NamedTask> resampling_tasks();
std::span<const NamedTask> meta_tasks();  ///< several sites

/// More cases than any cohort has; sums of such counts do not overflow.
inline constexpr std::int64_t kMostCases = std::int64_t{1} << 31;

// Parts of answers.
/// [value, se, low, high, flag, convention]
Json figure(const metrics::Estimate& estimate);
/// The same, of cases that are not independent: without standard error and interval.
Json figure(metrics::Estimate estimate, bool patients_repeat);
/// [low, high] or null.
Json interval(const std::optional<metrics::Interval>& interval);
/// [tp, fp, fn, tn]
Json counts(const metrics::Confusion& table);
/// estimate, dropped, replicates.
Json bootstrapped(const metrics::Bootstrap& drawn, Columns& columns);
Json texts(std::span<const std::string_view> texts);

}  // namespace medperf::python
