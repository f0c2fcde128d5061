#include "imaging/resample.h"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>
#include <utility>

namespace medperf::imaging {
namespace {

constexpr double kTie = 1e-6;  // of a voxel

/// The map from the voxel indices of one grid to those of another.
struct IndexMap {
  Vector3 start{};                 ///< of voxel (0, 0, 0)
  std::array<Vector3, 3> steps{};  ///< for one voxel along i, j, k

  IndexMap(const Geometry& from, const Geometry& to) {
    start = to.index_of(from.origin_mm);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const Vector3 one = to.index_of(from.position_mm(axis == 0, axis == 1, axis == 2));
      for (std::size_t d = 0; d < 3; ++d) steps[axis][d] = one[d] - start[d];
    }
  }
  Vector3 row(std::size_t j, std::size_t k) const {
    Vector3 at = start;
    for (std::size_t d = 0; d < 3; ++d) {
      at[d] += static_cast<double>(j) * steps[1][d] + static_cast<double>(k) * steps[2][d];
    }
    return at;
  }
};

/// The nearest whole index, or nothing when it lies outside [0, size).
bool nearest(double index, std::size_t size, std::size_t& out) {
  const double whole = std::floor(index + 0.5 + kTie);
  if (!(whole >= 0 && whole < static_cast<double>(size))) return false;
  out = static_cast<std::size_t>(whole);
  return true;
}

/// Calls f(place, inside, place in `to`) for each voxel of `from`.
template <typename F>
void for_each_voxel(const Geometry& from, const Geometry& to, F&& f) {
  const IndexMap map(from, to);
  std::size_t place = 0;
  for (std::size_t k = 0; k < from.size[2]; ++k) {
    for (std::size_t j = 0; j < from.size[1]; ++j) {
      const Vector3 row = map.row(j, k);
      for (std::size_t i = 0; i < from.size[0]; ++i, ++place) {
        std::size_t at[3] = {0, 0, 0};
        bool inside = true;
        for (std::size_t d = 0; d < 3; ++d) {
          const double index = row[d] + static_cast<double>(i) * map.steps[0][d];
          inside = inside && nearest(index, to.size[d], at[d]);
        }
        f(place, inside, (at[2] * to.size[1] + at[1]) * to.size[0] + at[0]);
      }
    }
  }
}

std::string in_words(const Geometry& g) {
  return fmt::format("{} x {} x {} voxels of {:.5g} x {:.5g} x {:.5g} mm", g.size[0], g.size[1],
                     g.size[2], g.spacing_mm[0], g.spacing_mm[1], g.spacing_mm[2]);
}

template <typename T>
std::uint64_t fill(std::span<const T> labels, const Geometry& from, Volume& out) {
  const std::span<T> voxels = out.as<T>();
  for_each_voxel(out.geometry, from, [&](std::size_t place, bool inside, std::size_t source) {
    if (inside) voxels[place] = labels[source];
  });
  std::uint64_t lost = 0;
  for_each_voxel(from, out.geometry, [&](std::size_t place, bool inside, std::size_t) {
    lost += !inside && labels[place] != 0 ? 1U : 0U;
  });
  return lost;
}

}  // namespace

Result<Volume> resample_labels(const Volume& labels, const Geometry& grid) {
  const bool flat = labels.geometry.size[2] == 1 && grid.size[2] == 1;
  if (labels.geometry.dimensions != grid.dimensions && !flat) {
    return make_error(ErrorKind::kInvalid, {},
                      fmt::format("a {}-D label map cannot be brought onto a {}-D grid",
                                  labels.geometry.dimensions, grid.dimensions));
  }
  if (labels.type == ElementType::kF32 || labels.type == ElementType::kF64) {
    return make_error(ErrorKind::kInvalid, {},
                      "labels to be resampled are whole numbers, these are floating-point");
  }
  Volume out = make_volume(grid, labels.type);
  out.remarks = labels.remarks;
  const std::uint64_t lost = visit_elements(labels, [&](auto voxels) {
    using T = std::remove_cv_t<typename decltype(voxels)::element_type>;
    return fill<T>(voxels, labels.geometry, out);
  });
  if (lost > 0) {
    return make_error(
        ErrorKind::kInvalid, {},
        fmt::format("{} labelled voxels lie outside the grid of {}", lost, in_words(grid)),
        "They would count for nothing. Give a reference whose grid holds them, or "
        "set them to 0.");
  }
  out.remarks.push_back(fmt::format("resampled by nearest neighbour from {} onto {}",
                                    in_words(labels.geometry), in_words(grid)));
  return out;
}

Result<Volume> bring_to_grid(Volume&& labels, const Geometry& grid, GridRule rule,
                             std::string_view name, std::string_view grid_name) {
  if (compare(labels.geometry, grid).empty()) {
    labels.geometry = grid;
    return std::move(labels);
  }
  if (rule == GridRule::kRefuse) {
    MEDPERF_CHECK(require_same_grid(labels.geometry, grid, name, grid_name));
  }
  return resample_labels(labels, grid);
}

}  // namespace medperf::imaging
