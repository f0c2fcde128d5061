#include "imaging/slice_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace medperf::imaging {
namespace {

constexpr double kOnePlace = 1e-3;  // mm
constexpr double kUneven = 0.01;    // of a step: as much as the steps of a series may differ

bool usable(const std::optional<double>& stated) {
  return stated && *stated > 0 && std::isfinite(*stated);
}

/// How far `gap` is from a whole number of steps, in steps.
double beside(double gap, double step) {
  return std::abs(gap / step - std::round(gap / step));
}

/// The greatest length of which all gaps are multiples: Euclid's, within the tolerance. Nothing
/// when it is so short that gaps of any length would be.
std::optional<double> common_measure(std::span<const double> gaps) {
  const double least = *std::min_element(gaps.begin(), gaps.end());
  double measure = least;
  for (double gap : gaps) {
    while (beside(gap, measure) > kUneven) {
      const double rest = std::fmod(gap, measure);
      gap = measure;
      measure = rest;
      if (!(measure > least / 8)) return std::nullopt;
    }
  }
  return measure;
}

}  // namespace

Result<double> lone_step(const DicomFrame& frame, std::vector<std::string>& remarks) {
  for (const auto& [value, name] : {std::pair{frame.between_slices_mm, "SpacingBetweenSlices"},
                                    std::pair{frame.thickness_mm, "SliceThickness"}}) {
    if (usable(value)) {
      remarks.push_back(
          fmt::format("a single slice: its spacing is taken from {} ({:.4g} mm)", name, *value));
      return *value;
    }
  }
  return make_error(ErrorKind::kInvalid, {},
                    "a single slice states neither SpacingBetweenSlices nor SliceThickness");
}

Result<double> sparse_step(std::span<const DicomFrame* const> frames,
                           std::span<const double> places_mm, std::vector<std::string>& remarks) {
  std::vector<double> gaps;
  double last = places_mm[0];
  for (const double place : places_mm) {
    if (place - last < kOnePlace) continue;
    gaps.push_back(place - last);
    last = place;
  }
  if (gaps.empty()) return lone_step(*frames[0], remarks);
  const auto stated = std::find_if(frames.begin(), frames.end(), [](const DicomFrame* frame) {
    return usable(frame->between_slices_mm);
  });
  if (stated != frames.end()) {
    const double step = *(*stated)->between_slices_mm;
    for (const double gap : gaps) {
      if (beside(gap, step) <= kUneven && gap / step > 0.5) continue;
      return make_error(
          ErrorKind::kInvalid, {},
          fmt::format("SpacingBetweenSlices is {:.4g} mm, but slices lie {:.4g} mm apart", step,
                      gap),
          "Compare it with the series that it segments, whose slices decide, or write it again.");
    }
    return step;
  }
  const auto step = common_measure(gaps);
  if (!step) {
    return make_error(
        ErrorKind::kInvalid, {},
        fmt::format("the slices are unevenly spaced: {:.4g} mm and {:.4g} mm",
                    *std::min_element(gaps.begin(), gaps.end()),
                    *std::max_element(gaps.begin(), gaps.end())),
        "Compare it with the series that it segments, whose slices decide, or resample it first.");
  }
  // Over the whole length, where rounded positions weigh least.
  const double length = last - places_mm[0];
  const double whole = length / std::round(length / *step);
  const auto& thickness = frames[0]->thickness_mm;
  const auto neighbours =
      std::count_if(gaps.begin(), gaps.end(), [whole](double gap) { return gap < 1.5 * whole; });
  if (usable(thickness) && whole > 1.5 * *thickness && neighbours < 2) {
    return make_error(
        ErrorKind::kInvalid, {},
        fmt::format("slices lie {:.4g} mm apart and are {:.4g} mm thick: whether there are others "
                    "between them, without a voxel, is not said",
                    whole, *thickness),
        "Compare it with the series that it segments, or state SpacingBetweenSlices in it.");
  }
  if (!thickness || !(std::abs(*thickness - whole) <= kUneven * whole)) {
    remarks.push_back(fmt::format(
        "the distance of slices ({:.4g} mm) is the greatest that fits their positions{}", whole,
        usable(thickness) ? fmt::format("; SliceThickness is {:.4g} mm", *thickness) : ""));
  }
  return whole;
}

}  // namespace medperf::imaging
