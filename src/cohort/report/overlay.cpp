#include "cohort/report/overlay.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "cohort/report/html.h"
#include "imaging/png.h"
#include "metrics/segmentation/bit_mask.h"
#include "metrics/segmentation/overlap.h"

namespace medperf::cohort::report {
namespace {

using metrics::BitMask;

constexpr int kMargin = 8;  // voxels around the structures
constexpr std::uint16_t kOneSide = 110;
constexpr std::uint16_t kBothSides = 190;

std::int64_t differing(const BitMask& a, const BitMask& b, int z) {
  std::int64_t count = 0;
  for (int y = 0; y < a.extent().y; ++y) {
    for (int x = 0; x < a.extent().x; ++x) count += a.get(x, y, z) != b.get(x, y, z) ? 1 : 0;
  }
  return count;
}

/// The edges between a mask and what is not of it, as an SVG path of level and upright strokes.
std::string contour(const BitMask& mask, int z) {
  const metrics::Extent size = mask.extent();
  const auto in = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < size.x && y < size.y && mask.get(x, y, z);
  };
  std::string path;
  for (int y = 0; y <= size.y; ++y) {
    for (int x = 0; x < size.x; ++x) {
      const int begin = x;
      while (x < size.x && in(x, y) != in(x, y - 1)) ++x;
      if (x > begin) path += fmt::format("M{} {}h{}", begin, y, x - begin);
    }
  }
  for (int x = 0; x <= size.x; ++x) {
    for (int y = 0; y < size.y; ++y) {
      const int begin = y;
      while (y < size.y && in(x, y) != in(x - 1, y)) ++y;
      if (y > begin) path += fmt::format("M{} {}v{}", x, begin, y - begin);
    }
  }
  return path;
}

Result<std::string> grey_picture(const BitMask& prediction, const BitMask& reference, int z) {
  imaging::GreyImage image;
  image.width = static_cast<std::uint32_t>(prediction.extent().x);
  image.height = static_cast<std::uint32_t>(prediction.extent().y);
  for (int y = 0; y < prediction.extent().y; ++y) {
    for (int x = 0; x < prediction.extent().x; ++x) {
      const int sides = (prediction.get(x, y, z) ? 1 : 0) + (reference.get(x, y, z) ? 1 : 0);
      image.pixels.push_back(sides == 0 ? std::uint16_t{20} : sides == 1 ? kOneSide : kBothSides);
    }
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
  MEDPERF_TRY(const std::string picture, grey_picture(predicted, referenced, best));
  // Voxels that are no squares keep their shape in the picture.
  const double tall = reference.spacing().y / reference.spacing().x;
  overlay.svg = fmt::format(
      "<svg viewBox=\"0 0 {0} {1:.3f}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">"
      "<title>{2}</title>\n<g transform=\"scale(1 {3:.6f})\">"
      "<image width=\"{0}\" height=\"{4}\" preserveAspectRatio=\"none\" "
      "href=\"data:image/png;base64,{5}\"/>\n"
      "<path class=\"reference\" vector-effect=\"non-scaling-stroke\" d=\"{6}\"/>\n"
      "<path class=\"prediction\" vector-effect=\"non-scaling-stroke\" d=\"{7}\"/></g></svg>\n",
      size.x, size.y * tall, escaped(name), tall, size.y, picture, contour(referenced, best),
      contour(predicted, best));
  return overlay;
}

}  // namespace medperf::cohort::report
