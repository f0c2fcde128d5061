// What a hospital may tell about its cohort.
#include <algorithm>
#include <array>
#include <cmath>

#include "prep/image_cohort.h"

namespace medperf::prep {
namespace {

using Histogram = std::array<std::int64_t, 256>;

Histogram histogram_of(const std::string& pixels) {
  Histogram histogram{};
  for (const char pixel : pixels) ++histogram[static_cast<unsigned char>(pixel)];
  return histogram;
}

/// The smallest value that at least `share` of the pixels do not exceed.
int percentile(const Histogram& histogram, double share, std::size_t count) {
  std::int64_t below = 0;
  for (int value = 0; value < 256; ++value) {
    below += histogram[static_cast<std::size_t>(value)];
    if (static_cast<double>(below) >= share * static_cast<double>(count)) return value;
  }
  return 255;
}

double rounded(double value, double step) {
  return std::round(value / step) * step;
}

Json intensity_of(const PreparedCohort& cohort) {
  const Histogram histogram = histogram_of(cohort.pixels);
  const auto count = static_cast<double>(cohort.pixels.size());
  double sum = 0;
  double squares = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    const auto times = static_cast<double>(histogram[value]);
    const auto grey = static_cast<double>(value);
    sum += times * grey;
    squares += times * grey * grey;
  }
  const double mean = sum / count;
  return Json::object({
      {"mean", rounded(mean, 0.125)},
      {"sd", rounded(std::sqrt(std::max(0.0, squares / count - mean * mean)), 0.125)},
      {"p05", percentile(histogram, 0.05, cohort.pixels.size())},
      {"median", percentile(histogram, 0.5, cohort.pixels.size())},
      {"p95", percentile(histogram, 0.95, cohort.pixels.size())},
  });
}

}  // namespace

Json describe_cohort(const PreparedCohort& cohort, const ImageCohortRules& rules) {
  const auto n = static_cast<std::int64_t>(cohort.size());
  const std::int64_t positives = std::count(cohort.positive.begin(), cohort.positive.end(), true);
  const bool small = n < rules.minimum_cell;
  // One class alone cannot be hidden: the other is n less it.
  const bool small_class = std::min(positives, n - positives) < rules.minimum_cell;
  Json document = Json::object({
      {"cases", small ? Json() : Json(n)},
      {"positive_cases", small_class ? Json() : Json(positives)},
      {"negative_cases", small_class ? Json() : Json(n - positives)},
      {"prevalence", small_class ? Json()
                                 : Json(std::round(1000 * static_cast<double>(positives) /
                                                   static_cast<double>(n)) /
                                        1000)},
      {"image", Json::object({{"width", static_cast<std::int64_t>(cohort.side)},
                              {"height", static_cast<std::int64_t>(cohort.side)},
                              {"bits", 8}})},
      {"intensity", small ? Json() : intensity_of(cohort)},
      {"minimum_cell", rules.minimum_cell},
  });
  return document;
}

}  // namespace medperf::prep
