#include "cohort/report/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "cohort/report/html.h"
#include "imaging/png.h"
#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/overlap.h"

namespace medperf::cohort::report {
namespace {

using metrics::BitMask;

constexpr int kMargin = 8;  // voxels around the structures
constexpr int kMostPixels = 400;
constexpr std::size_t kMostStrokes = 8000;  // of one side
constexpr std::uint16_t kOneSide = 110;
constexpr std::uint16_t kBothSides = 190;

std::int64_t differing(const BitMask& a, const BitMask& b, int z) {
  std::int64_t count = 0;
  for (int y = 0; y < a.extent().y; ++y) {
    for (int x = 0; x < a.extent().x; ++x) count += a.get(x, y, z) != b.get(x, y, z) ? 1 : 0;
  }
  return count;
}

/// One slice of a mask, each pixel `reduction` voxels wide and high.
struct Slice {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> lit;
  bool at(int x, int y) const {
    return x >= 0 && y >= 0 && x < width && y < height &&
           lit[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(x)] != 0;
  }
};

/// A pixel is lit where any of its voxels is, so that small structures are seen.
Slice reduced(const BitMask& mask, int z, int reduction) {
  const metrics::Extent size = mask.extent();
  Slice slice{(size.x + reduction - 1) / reduction, (size.y + reduction - 1) / reduction, {}};
  const auto width = static_cast<std::size_t>(slice.width);
  slice.lit.resize(width * static_cast<std::size_t>(slice.height));
  for (int y = 0; y < size.y; ++y) {
    for (int x = 0; x < size.x; ++x) {
      if (!mask.get(x, y, z)) continue;
      slice.lit[static_cast<std::size_t>(y / reduction) * width +
                static_cast<std::size_t>(x / reduction)] = 1;
    }
  }
  return slice;
}

/// The edges between a mask and what is not of it, as an SVG path of level and upright strokes.
/// Nothing when they are more than kMostStrokes.
std::optional<std::string> contour(const Slice& mask) {
  std::string path;
  std::size_t strokes = 0;
  for (int y = 0; y <= mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      const int begin = x;
      while (x < mask.width && mask.at(x, y) != mask.at(x, y - 1)) ++x;
      if (x == begin) continue;
      path += fmt::format("M{} {}h{}", begin, y, x - begin);
      if (++strokes > kMostStrokes) return std::nullopt;
    }
  }
  for (int x = 0; x <= mask.width; ++x) {
    for (int y = 0; y < mask.height; ++y) {
      const int begin = y;
      while (y < mask.height && mask.at(x, y) != mask.at(x - 1, y)) ++y;
      if (y == begin) continue;
      path += fmt::format("M{} {}v{}", x, begin, y - begin);
      if (++strokes > kMostStrokes) return std::nullopt;
    }
  }
  return path;
}

Result<std::string> grey_picture(const Slice& prediction, const Slice& reference) {
  imaging::GreyImage image;
  image.width = static_cast<std::uint32_t>(prediction.width);
  image.height = static_cast<std::uint32_t>(prediction.height);
  for (std::size_t i = 0; i < prediction.lit.size(); ++i) {
    const int sides = prediction.lit[i] + reference.lit[i];
    image.pixels.push_back(sides == 0 ? std::uint16_t{20} : sides == 1 ? kOneSide : kBothSides);
  }
  MEDPERF_TRY(const std::string png, imaging::write_png(image));
  return to_base64(png);
}

}  // namespace

Result<Overlay> draw_overlay(const metrics::LabelVolume& prediction,
                             const metrics::LabelVolume& reference, const metrics::Region& region,
                             const std::string& name) {
  MEDPERF_TRY(const auto overlaps,
              metrics::overlap_of_regions(prediction, reference, {&region, 1}));
  const metrics::Box tight = overlaps[0].prediction_box.united(overlaps[0].reference_box);
  if (tight.empty()) {
    return make_error(ErrorKind::kNotFound, {}, "the region is in neither label map");
  }
  metrics::Box box = tight.grown(kMargin, reference.size());
  box.first[2] = tight.first[2];
  box.last[2] = tight.last[2];
  const BitMask predicted = metrics::pack(prediction, region, box);
  const BitMask referenced = metrics::pack(reference, region, box);
  Overlay overlay;
  int best = 0;
  for (int z = 0; z < box.extent().z; ++z) {
    const std::int64_t count = differing(predicted, referenced, z);
    if (count > overlay.differing) {
      overlay.differing = count;
      best = z;
    }
  }
  overlay.slice = box.first[2] + best;
  const metrics::Extent size = box.extent();
  overlay.reduction = (std::max(size.x, size.y) + kMostPixels - 1) / kMostPixels;
  const Slice one = reduced(predicted, best, overlay.reduction);
  const Slice other = reduced(referenced, best, overlay.reduction);
  MEDPERF_TRY(const std::string picture, grey_picture(one, other));
  const auto dashed = contour(one);
  const auto solid = contour(other);
  overlay.contours = dashed && solid;
  std::string outlines;
  if (overlay.contours) {
    outlines = fmt::format(
        "\n<path class=\"reference\" vector-effect=\"non-scaling-stroke\" d=\"{}\"/>\n"
        "<path class=\"prediction\" vector-effect=\"non-scaling-stroke\" d=\"{}\"/>",
        *solid, *dashed);
  }
  // Voxels that are no squares keep their shape in the picture.
  const double tall = reference.spacing().y / reference.spacing().x;
  overlay.svg = fmt::format(
      "<svg viewBox=\"0 0 {0} {1:.3f}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">"
      "<title>{2}</title>\n<g transform=\"scale(1 {3:.6f})\">"
      "<image width=\"{0}\" height=\"{4}\" preserveAspectRatio=\"none\" "
      "href=\"data:image/png;base64,{5}\"/>{6}</g></svg>\n",
      one.width, one.height * tall, escaped(name), tall, one.height, picture, outlines);
  return overlay;
}

}  // namespace medperf::cohort::report
