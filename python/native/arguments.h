#pragma once
// What a caller of medperf_figures gave: named arrays and options, each checked when it is asked
// for.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "metrics/classification/scored_case.h"
#include "metrics/classification/threshold.h"
#include "metrics/regression/measured_pair.h"
#include "metrics/segmentation/label_volume.h"
#include "metrics/statistics/bootstrap.h"
#include "metrics_c.h"

namespace medperf::python {

/// Errors name the array or option. Views are on the caller's arrays, which outlive the call.
class Arguments {
 public:
  /// Errors: invalid for arrays without a name or memory, and options that are no JSON object.
  static Result<Arguments> of(std::span<const medperf_array> arrays, std::string_view options);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Invalid for another type of numbers, and for one that is not finite (names its position).
  Result<std::span<const double>> numbers(std::string_view name);
  Result<std::span<const std::int64_t>> whole(std::string_view name);
  /// Bytes of 0 or 1.
  Result<std::span<const std::uint8_t>> yes_or_no(std::string_view name);
  /// A label map of 8, 16 or 32 bits, as it is.
  Result<metrics::LabelVolume::Labels> labels(std::string_view name);
  /// Whole numbers in [0, bound).
  Result<std::vector<int>> classes(std::string_view name, std::int64_t bound);
  /// Whole numbers of at least 0.
  Result<std::span<const std::int64_t>> counts(std::string_view name);

  /// An option, or `otherwise` where it is not given. Invalid for another type or out of range.
  Result<double> number(std::string_view name, double otherwise);
  Result<std::int64_t> count(std::string_view name, std::int64_t otherwise, std::int64_t low,
                             std::int64_t high);
  Result<bool> flag(std::string_view name, bool otherwise);
  /// One of the texts; the first of them where it is not given.
  Result<std::string> choice(std::string_view name, std::initializer_list<const char*> of);
  Result<std::string> text(std::string_view name);
  Result<std::vector<std::string>> texts(std::string_view name);
  /// "level" in (0, 1); 0.95 where it is not given.
  Result<double> level();
  /// seed, replicates, level, threads and interval.
  Result<metrics::BootstrapOptions> bootstrap();

  /// "scores" and "labels".
  Result<std::vector<metrics::ScoredCase>> scored_cases(std::string_view scores = "scores");
  /// The same with scores in [0, 1].
  Result<std::vector<metrics::ScoredCase>> probability_cases();
  /// "predicted" and "reference".
  Result<std::vector<metrics::MeasuredPair>> measured_pairs();
  /// "patients" of so many cases; nothing where they are not given.
  Result<std::optional<std::span<const std::int64_t>>> patients(std::size_t cases);
  /// Whether one of them has several cases.
  Result<bool> patients_repeat(std::size_t cases);

  /// Invalid for an array or option that nobody asked for.
  Status all_used() const;

 private:
  const medperf_array* find(std::string_view name) const;
  /// The array if it has this type.
  Result<const medperf_array*> typed(std::string_view name, medperf_type type);
  const Json* option(std::string_view name);

  std::span<const medperf_array> arrays_;
  Json options_;
  std::set<std::string, std::less<>> used_;
};

/// Invalid unless two arrays are of the same length.
Status same_length(std::string_view first, std::size_t of_first, std::string_view second,
                   std::size_t of_second);
/// The error of an argument.
Error wrong(std::string_view name, std::string what, std::string advice = {});

}  // namespace medperf::python
