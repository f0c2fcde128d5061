#include "cohort/label_pair.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace medperf::cohort {

Result<LabelPair> read_label_pair(const std::filesystem::path& prediction,
                                  const std::filesystem::path& reference, imaging::GridRule rule,
                                  const PlainImageRule& plain) {
  LabelPair pair;
  MEDPERF_TRY(pair.reference, read_label_map(reference, plain));
  MEDPERF_TRY(imaging::Volume read, read_label_map(prediction, plain));
  auto fitted = imaging::bring_to_grid(std::move(read), pair.reference.geometry, rule,
                                       "the prediction", "the reference");
  if (!fitted) return std::move(fitted).error().at(prediction.string());
  pair.prediction = std::move(fitted).value();
  return pair;
}

Result<metrics::LabelVolume> view_of(const imaging::Volume& labels) {
  const imaging::Geometry& g = labels.geometry;
  for (const std::size_t extent : g.size) {
    if (extent > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      return make_error(ErrorKind::kTooLarge, {}, fmt::format("an axis has {} voxels", extent));
    }
  }
  metrics::LabelVolume::Labels view;
  switch (labels.type) {
    case imaging::ElementType::kU8:
      view = labels.as<std::uint8_t>();
      break;
    case imaging::ElementType::kU16:
      view = labels.as<std::uint16_t>();
      break;
    case imaging::ElementType::kI16:
      view = labels.as<std::int16_t>();
      break;
    case imaging::ElementType::kI32:
      view = labels.as<std::int32_t>();
      break;
    default:
      return make_error(ErrorKind::kInvalid, {},
                        fmt::format("a label map is not held as {}", to_string(labels.type)));
  }
  const metrics::Extent size{static_cast<int>(g.size[0]), static_cast<int>(g.size[1]),
                             static_cast<int>(g.size[2])};
  MEDPERF_TRY(auto volume, metrics::LabelVolume::view(
                               view, size, {g.spacing_mm[0], g.spacing_mm[1], g.spacing_mm[2]}));
  static_assert(imaging::OccupiedBlocks::kBytes == metrics::LabelVolume::kPart);
  if (labels.type == imaging::ElementType::kU8) {
    volume.set_labelled_parts(labels.elements.occupied());
  }
  return volume;
}

}  // namespace medperf::cohort
