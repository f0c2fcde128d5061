// One label map: volumes of regions and their connected components.

#include <algorithm>

#include "metrics/segmentation/components.h"
#include "metrics/segmentation/overlap.h"
#include "tasks.h"

namespace medperf::python {
namespace {

struct LabelMap {
  metrics::LabelVolume volume;
  std::vector<metrics::Region> regions;
};

/// labels (x fastest), size and spacing (three each), region_labels and region_sizes.
Result<LabelMap> label_map(Arguments& arguments) {
  MEDPERF_TRY(const auto labels, arguments.labels("labels"));
  MEDPERF_TRY(const auto size, arguments.counts("size"));
  MEDPERF_TRY(const auto spacing, arguments.numbers("spacing"));
  MEDPERF_TRY(const auto region_labels, arguments.whole("region_labels"));
  MEDPERF_TRY(const auto region_sizes, arguments.counts("region_sizes"));
  if (size.size() != 3) return wrong("size", "it has not three numbers");
  if (spacing.size() != 3) return wrong("spacing", "it has not three numbers");
  for (const std::int64_t one : size) {
    if (one > INT32_MAX) return wrong("size", "an axis is too long");
  }
  auto view = metrics::LabelVolume::view(
      labels, {static_cast<int>(size[0]), static_cast<int>(size[1]), static_cast<int>(size[2])},
      {spacing[0], spacing[1], spacing[2]});
  if (!view) return std::move(view).error().at("labels");
  LabelMap map{*view, {}};
  std::size_t next = 0;
  for (const std::int64_t count : region_sizes) {
    if (static_cast<std::size_t>(count) > region_labels.size() - next) {
      return wrong("region_labels", "there are fewer than the regions' sizes");
    }
    metrics::Region region{"region " + std::to_string(map.regions.size()), {}};
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t label = region_labels[next++];
      if (label < INT32_MIN || label > INT32_MAX) return wrong("regions", "a label is too large");
      region.labels.push_back(static_cast<std::int32_t>(label));
    }
    if (auto checked = metrics::check_region(region); !checked) {
      return Error(checked.error()).at("regions");
    }
    map.regions.push_back(std::move(region));
  }
  return map;
}

/// Of each region its voxels and the box around them: in one pass, since the map is its own pair.
Result<std::vector<metrics::RegionOverlap>> extents(const LabelMap& map) {
  return metrics::overlap_of_regions(map.volume, map.volume, map.regions);
}

/// What label_map takes.
Result<Json> volumes(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const LabelMap map, label_map(arguments));
  MEDPERF_TRY(const auto found, extents(map));
  Json::Array rows;
  for (const metrics::RegionOverlap& one : found) {
    const std::int64_t voxels = one.counts.referenced();
    rows.push_back(Json::object(
        {{"voxels", voxels}, {"ml", metrics::volume_ml(voxels, map.volume.spacing())}}));
  }
  return Json(std::move(rows));
}

/// What label_map takes; neighbours (26, 18, 6).
Result<Json> components(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const LabelMap map, label_map(arguments));
  MEDPERF_TRY(const auto touch, arguments.count("neighbours", 26, 6, 26));
  if (touch != 26 && touch != 18 && touch != 6) return wrong("neighbours", "they are 6, 18 or 26");
  const auto neighbours = touch == 26   ? metrics::Neighbours::k26
                          : touch == 18 ? metrics::Neighbours::k18
                                        : metrics::Neighbours::k6;
  MEDPERF_TRY(const auto found, extents(map));
  Json::Array rows;
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::vector<double> voxels, boxes;
    if (!found[i].reference_box.empty()) {
      const metrics::Components all(
          metrics::pack(map.volume, map.regions[i], found[i].reference_box), neighbours);
      for (const metrics::Component& one : all.all()) {
        voxels.push_back(static_cast<double>(one.voxels));
        boxes.insert(boxes.end(), one.box.first.begin(), one.box.first.end());
        boxes.insert(boxes.end(), one.box.last.begin(), one.box.last.end());
      }
    }
    rows.push_back(
        Json::object({{"voxels", columns.add(voxels)}, {"boxes", columns.add(boxes, 6)}}));
  }
  return Json::object(
      {{"neighbours", metrics::neighbour_count(neighbours, map.volume.dimensions())},
       {"voxel_ml", metrics::volume_ml(1, map.volume.spacing())},
       {"regions", Json(std::move(rows))}});
}

constexpr NamedTask kTasks[] = {{"volumes", volumes}, {"components", components}};

}  // namespace

std::span<const NamedTask> label_map_tasks() {
  return kTasks;
}

}  // namespace medperf::python
