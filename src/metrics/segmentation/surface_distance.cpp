#include "metrics/segmentation/surface_distance.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <utility>

#include "metrics/segmentation/block_index.h"
#include "metrics/segmentation/distance_counter.h"
#include "metrics/segmentation/distance_field.h"
#include "metrics/segmentation/distance_transform.h"
#include "metrics/segmentation/kernels.h"

namespace medperf::metrics {
namespace {

using kernels::kGroup;
using kernels::Remainder;

// Estimates of time in nanoseconds, to choose between search and transform. Being wrong by a factor
// costs time only.
constexpr double kTransformSite = 15;   // a row of targets in a column that is asked for
constexpr double kTransformVoxel = 40;  // a voxel that is asked for
constexpr double kSearchVoxel = 100;    // a voxel whose target is a few blocks away
constexpr std::int64_t kRow = 2;

/// Pieces of one direction: enough to share among threads, few enough to be long.
constexpr std::ptrdiff_t kPieces = 32;
constexpr std::ptrdiff_t kLeastWords = 512;

/// Says that a voxel is left to the transform.
constexpr double kOpen = -1;

/// Geometry that both directions of a pair share.
struct Grid {
  Grid(const BitMask& mask, const SpacingMm& spacing)
      : squares(mask.extent(), spacing),
        shells(squares, mask.row_words(), mask.slice_words(), mask.extent().z == 1),
        rows(squares, mask.row_words(), mask.slice_words(), mask.extent(), 256) {}

  AxisSquares squares;
  NearShells shells;
  RowOrder rows;
};

/// A range of words of one direction and what was found from its voxels. The rest are its voxels
/// in no shell; after the search, those it left open.
struct Piece {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t last = 0;
  std::vector<std::int64_t> near;  // voxels by shell
  // The rest are all of its voxels, and not listed: of masks that lie far apart the list would be
  // as large as the mask.
  bool all_rest = false;
  std::vector<Remainder> rest;
  std::int64_t rest_voxels = 0;
};

struct Direction {
  const BitMask* queries = nullptr;
  const BitMask* targets = nullptr;
  const Grid* grid = nullptr;
  std::int64_t surface_voxels = 0;
  std::vector<Piece> pieces;
  std::int64_t rest_voxels = 0;
  // The distances of the rest, counted by each thread for itself: there may be as many of them as
  // voxels in the volume, but few different ones.
  std::vector<DistanceCounter> far;
  double transform_ns = 0;  // for all of the rest
  std::unique_ptr<BlockIndex> index;
};

std::vector<Piece> cut(const BitMask& mask) {
  const std::ptrdiff_t words = mask.last_word() - mask.first_word();
  const std::ptrdiff_t fair = std::max(kLeastWords, (words + kPieces - 1) / kPieces);
  const std::ptrdiff_t size = (fair + kGroup - 1) / kGroup * kGroup;
  std::vector<Piece> pieces;
  for (std::ptrdiff_t at = mask.first_word(); at < mask.last_word(); at += size) {
    Piece piece;
    piece.first = at;
    // The last may reach into the padding, which has no voxels.
    piece.last = std::min(at + size, (mask.last_word() - at + kGroup - 1) / kGroup * kGroup + at);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

Direction direction_of(const BitMask& queries, const BitMask& targets, const Grid& grid,
                       std::int64_t surface_voxels) {
  Direction direction;
  direction.queries = &queries;
  direction.targets = &targets;
  direction.grid = &grid;
  direction.surface_voxels = surface_voxels;
  direction.pieces = cut(queries);
  return direction;
}

/// Calls f(Remainder) for each word of the rest of a piece.
template <typename Do>
void for_rest(const Direction& direction, const Piece& piece, Do f) {
  for (const Remainder& one : piece.rest) f(one);
  if (!piece.all_rest) return;
  const std::uint64_t* const words = direction.queries->words();
  for (std::ptrdiff_t word = piece.first; word < piece.last; ++word) {
    if (words[word] != 0) f(Remainder{word, words[word]});
  }
}

kernels::RowVoxel place_of(const BitMask& mask, std::ptrdiff_t word) {
  const std::ptrdiff_t at = word - BitMask::kGuard;
  const std::ptrdiff_t slice = at / mask.slice_words();
  const std::ptrdiff_t in_slice = at - slice * mask.slice_words();
  const std::ptrdiff_t row = in_slice / mask.row_words();
  const std::ptrdiff_t in_row = in_slice - row * mask.row_words();
  return {static_cast<int>(in_row * 64), static_cast<int>(row) - mask.padding(),
          static_cast<int>(slice) - mask.padding(), word - in_row};
}

void find_near(const Direction& direction, Piece& piece, const DistanceOptions& options) {
  kernels::Shells shells = direction.grid->shells.view();
  if (options.method == DistanceMethod::kTransformOnly) shells.shell_count = 1;
  // Room for every word, of which few are used: not initialised.
  const auto room = std::make_unique_for_overwrite<Remainder[]>(
      static_cast<std::size_t>(piece.last - piece.first));
  // Counted here and not in the piece: pieces lie beside each other in memory, and threads that
  // write to one cache line wait for each other.
  std::vector<std::int64_t> counts(direction.grid->shells.squared_mm2.size());
  const std::ptrdiff_t found =
      kernels::of(options.simd)
          .masks.nearest_shells(direction.queries->words(), direction.targets->words(), piece.first,
                                piece.last, shells, counts.data(), room.get());
  for (const Remainder& one : std::span(room.get(), static_cast<std::size_t>(found))) {
    piece.rest_voxels += std::popcount(one.bits);
  }
  piece.all_rest = std::all_of(counts.begin(), counts.end(), [](auto n) { return n == 0; });
  if (!piece.all_rest) piece.rest.assign(room.get(), room.get() + found);
  piece.near = std::move(counts);
}

/// What the transform would take for all voxels of the rest.
double transform_time(const Direction& direction) {
  std::vector<std::uint64_t> columns(static_cast<std::size_t>(direction.queries->row_words()));
  for (const Piece& piece : direction.pieces) {
    for_rest(direction, piece, [&](const Remainder& one) {
      columns[static_cast<std::size_t>((one.word - BitMask::kGuard) %
                                       direction.queries->row_words())] |= one.bits;
    });
  }
  double wanted = 0;
  for (const std::uint64_t word : columns) wanted += std::popcount(word);
  const Extent& extent = direction.targets->extent();
  return wanted * extent.y * extent.z * kTransformSite +
         static_cast<double>(direction.rest_voxels) * kTransformVoxel;
}

/// The time that a piece may spend on searching before the rest is left to the transform: its share
/// of a quarter of what the transform would take, and nothing where even quick searches would not
/// win.
std::int64_t search_budget(const Direction& direction, const Piece& piece, DistanceMethod method) {
  if (method == DistanceMethod::kSearchOnly) return std::numeric_limits<std::int64_t>::max();
  if (method == DistanceMethod::kTransformOnly) return -1;
  if (static_cast<double>(direction.rest_voxels) * kSearchVoxel > direction.transform_ns) return -1;
  const double share =
      static_cast<double>(piece.rest_voxels) / static_cast<double>(direction.rest_voxels);
  return static_cast<std::int64_t>(direction.transform_ns / 4 * share);
}

/// Searches for the nearest target of single voxels, one after the other.
class FarSearch {
 public:
  FarSearch(const Direction& direction, std::int64_t budget, Simd simd)
      : direction_(direction), budget_(budget), search_rows_(kernels::of(simd).masks.search_rows) {
    const Grid& grid = *direction.grid;
    rows_ = {direction.targets->words(),    direction.targets->row_words(),
             direction.targets->extent().y, direction.targets->extent().z,
             grid.rows.rows.data(),         static_cast<std::ptrdiff_t>(grid.rows.rows.size()),
             grid.squares.x.data(),         grid.squares.y.data(),
             grid.squares.z.data()};
  }

  /// Squared distance, or kOpen when the budget is used up.
  double nearest(const kernels::RowVoxel& from) {
    if (work_ > budget_) return kOpen;
    const BlockIndex::Voxel voxel{from.bit, from.y, from.z};
    double best = std::numeric_limits<double>::infinity();
    if (direction_.index->near(voxel)) {
      const kernels::RowFound found = search_rows_(rows_, from);
      work_ += found.rows * kRow;
      if (found.squared_mm2 <= direction_.grid->rows.complete_mm2) return found.squared_mm2;
      best = found.squared_mm2;
    }
    // Its neighbour's nearest target is a good guess.
    const double guess = known_ ? distance_to(last_, voxel) : best;
    const BlockIndex::Nearest found =
        direction_.index->nearest(voxel, {std::min(best, guess), last_}, work_, budget_);
    if (work_ > budget_) return kOpen;
    if (known_ || found.squared_mm2 < best) {
      last_ = found.voxel;
      known_ = true;
    }
    return found.squared_mm2;
  }

 private:
  double distance_to(const BlockIndex::Voxel& a, const BlockIndex::Voxel& b) const {
    return direction_.grid->squares.of(std::abs(a.bit - b.bit), std::abs(a.y - b.y),
                                       std::abs(a.z - b.z));
  }

  const Direction& direction_;
  std::int64_t budget_;
  kernels::RowFound (*search_rows_)(const kernels::RowSearch&, const kernels::RowVoxel&);
  kernels::RowSearch rows_;
  std::int64_t work_ = 0;
  BlockIndex::Voxel last_{0, 0, 0};
  bool known_ = false;  // last_ is a target
};

void find_far(Direction& direction, Piece& piece, int worker, const DistanceOptions& options) {
  const std::int64_t budget = search_budget(direction, piece, options.method);
  if (budget < 0) return;  // all is left open
  if (piece.all_rest) {
    std::vector<Remainder> listed;
    for_rest(direction, piece, [&](const Remainder& one) { listed.push_back(one); });
    piece.rest = std::move(listed);
    piece.all_rest = false;
  }
  FarSearch search(direction, budget, options.simd);
  DistanceCounter far;  // see find_near
  std::size_t open = 0;
  for (const Remainder& one : piece.rest) {
    kernels::RowVoxel voxel = place_of(*direction.queries, one.word);
    const int first_bit = voxel.bit;
    std::uint64_t left = 0;
    for (std::uint64_t bits = one.bits; bits != 0; bits &= bits - 1) {
      voxel.bit = first_bit + std::countr_zero(bits);
      const double squared_mm2 = search.nearest(voxel);
      if (squared_mm2 == kOpen) {
        left |= bits & (~bits + 1);
      } else {
        far.add(squared_mm2, 1);
      }
    }
    if (left == 0) continue;
    Remainder still = one;
    still.bits = left;
    piece.rest[open++] = still;  // not beyond where we read
  }
  piece.rest.resize(open);
  direction.far[static_cast<std::size_t>(worker)].merge(far);
}

/// The voxels that searching has left open, and the first bits of the columns that have any.
struct Open {
  const BitMask* mask = nullptr;  // none if there are none
  std::unique_ptr<BitMask> own;   // where it is not that of all queries
  std::vector<int> columns;
};

/// Takes them from a direction, and gives back what searching needed.
Open take_open_voxels(Direction& direction) {
  constexpr int kColumns = DistanceTransform::kColumns;
  Open open;
  direction.index.reset();
  const bool all = std::all_of(direction.pieces.begin(), direction.pieces.end(),
                               [](const Piece& piece) { return piece.all_rest; });
  if (all) open.mask = direction.queries;
  std::vector<std::uint64_t> any(static_cast<std::size_t>(direction.queries->row_words()));
  for (Piece& piece : direction.pieces) {
    for_rest(direction, piece, [&](const Remainder& one) {
      if (!open.mask) {
        open.own = std::make_unique<BitMask>(direction.queries->box(), kSurfacePadding);
        open.mask = open.own.get();
      }
      if (open.own) open.own->words()[one.word] = one.bits;
      any[static_cast<std::size_t>(place_of(*direction.queries, one.word).bit / 64)] |= one.bits;
    });
    std::vector<Remainder>().swap(piece.rest);  // = {} would keep its memory
  }
  const int bits = static_cast<int>(any.size()) * 64;
  for (int first = 0; first < bits; first += kColumns) {
    const std::uint64_t columns = any[static_cast<std::size_t>(first / 64)] >> (first % 64);
    if ((columns & ((std::uint64_t{1} << kColumns) - 1)) != 0) open.columns.push_back(first);
  }
  return open;
}

void transform_open(std::vector<Direction>& directions, Workers& workers) {
  for (Direction& direction : directions) {
    if (direction.rest_voxels == 0) continue;
    const Open open = take_open_voxels(direction);
    if (!open.mask) continue;
    const DistanceTransform transform(*direction.targets, direction.grid->squares);
    workers.run(
        static_cast<std::ptrdiff_t>(open.columns.size()), [&](std::ptrdiff_t piece, int worker) {
          DistanceCounter far;
          transform.columns(open.columns[static_cast<std::size_t>(piece)], *open.mask,
                            [&](int, int, int, double squared_mm2) { far.add(squared_mm2, 1); });
          direction.far[static_cast<std::size_t>(worker)].merge(far);
        });
  }
}

DirectedDistances gathered(Direction& direction) {
  DirectedDistances result;
  result.surface_voxels = direction.surface_voxels;
  const NearShells& shells = direction.grid->shells;
  for (std::size_t shell = 0; shell < shells.squared_mm2.size(); ++shell) {
    std::int64_t voxels = 0;
    for (const Piece& piece : direction.pieces) voxels += piece.near[shell];
    if (voxels != 0) result.counted.push_back({shells.squared_mm2[shell], voxels});
  }
  // A distance of the rest may be that of a shell only when the shells were left out.
  DistanceCounter far;
  for (const DistanceCounter& one : direction.far) far.merge(one);
  direction.pieces.clear();
  direction.far.clear();
  if (far.empty()) return result;
  for (const DistanceCount& one : result.counted) far.add(one.squared_mm2, one.voxels);
  result.counted = far.ascending();
  return result;
}

/// Every piece of every direction that `chosen` accepts, as one list of work. What
/// takes longest is begun first, so that threads end together.
/// Calls work(direction, piece, number of the thread).
template <typename Chosen, typename Do>
void for_pieces(std::vector<Direction>& directions, Workers& workers, Chosen chosen, Do work) {
  std::vector<std::pair<Direction*, Piece*>> list;
  for (Direction& direction : directions) {
    for (Piece& piece : direction.pieces) {
      if (chosen(piece)) list.emplace_back(&direction, &piece);
    }
  }
  const auto effort = [](const Piece& piece) {
    return std::pair(piece.rest_voxels, piece.last - piece.first);
  };
  std::stable_sort(list.begin(), list.end(), [&](const auto& a, const auto& b) {
    return effort(*a.second) > effort(*b.second);
  });
  workers.run(static_cast<std::ptrdiff_t>(list.size()), [&](std::ptrdiff_t i, int worker) {
    work(*list[static_cast<std::size_t>(i)].first, *list[static_cast<std::size_t>(i)].second,
         worker);
  });
}

void measure(std::vector<Direction>& directions, Workers& workers, const DistanceOptions& options) {
  for_pieces(
      directions, workers, [](const Piece&) { return true; },
      [&](const Direction& direction, Piece& piece, int) { find_near(direction, piece, options); });
  std::vector<Direction*> unfinished;
  for (Direction& direction : directions) {
    for (const Piece& piece : direction.pieces) direction.rest_voxels += piece.rest_voxels;
    if (direction.rest_voxels != 0) unfinished.push_back(&direction);
  }
  workers.run(static_cast<std::ptrdiff_t>(unfinished.size()), [&](std::ptrdiff_t i, int) {
    Direction& one = *unfinished[static_cast<std::size_t>(i)];
    one.far.resize(static_cast<std::size_t>(workers.count()));
    one.transform_ns = transform_time(one);
    one.index = std::make_unique<BlockIndex>(*one.targets, one.grid->squares);
  });
  for_pieces(
      directions, workers, [](const Piece& piece) { return piece.rest_voxels != 0; },
      [&](Direction& direction, Piece& piece, int worker) {
        find_far(direction, piece, worker, options);
      });
  transform_open(directions, workers);
}

}  // namespace

std::vector<SurfaceDistances> surface_distances(std::span<const SurfacePair> pairs,
                                                const SpacingMm& spacing, Workers& workers,
                                                const DistanceOptions& options) {
  std::vector<SurfaceDistances> result(pairs.size());
  std::vector<std::unique_ptr<Grid>> grids(pairs.size());
  workers.run(static_cast<std::ptrdiff_t>(pairs.size()), [&](std::ptrdiff_t i, int) {
    const auto at = static_cast<std::size_t>(i);
    result[at].to_reference.surface_voxels = pairs[at].prediction->count();
    result[at].to_prediction.surface_voxels = pairs[at].reference->count();
    if (result[at].to_reference.surface_voxels != 0 &&
        result[at].to_prediction.surface_voxels != 0) {
      grids[at] = std::make_unique<Grid>(*pairs[at].prediction, spacing);
    }
  });
  std::vector<Direction> directions;
  std::vector<DirectedDistances*> places;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!grids[i]) continue;
    const BitMask& prediction = *pairs[i].prediction;
    const BitMask& reference = *pairs[i].reference;
    directions.push_back(
        direction_of(prediction, reference, *grids[i], result[i].to_reference.surface_voxels));
    places.push_back(&result[i].to_reference);
    directions.push_back(
        direction_of(reference, prediction, *grids[i], result[i].to_prediction.surface_voxels));
    places.push_back(&result[i].to_prediction);
  }
  measure(directions, workers, options);
  workers.run(static_cast<std::ptrdiff_t>(directions.size()), [&](std::ptrdiff_t i, int) {
    *places[static_cast<std::size_t>(i)] = gathered(directions[static_cast<std::size_t>(i)]);
  });
  return result;
}

SurfaceDistances surface_distances(const BitMask& prediction, const BitMask& reference,
                                   const SpacingMm& spacing, Dimensions dimensions,
                                   const DistanceOptions& options) {
  const Box box = prediction.tight_box().united(reference.tight_box());
  const BitMask surfaces[] = {
      surface_of(moved(prediction, box, kSurfacePadding), dimensions, options.simd),
      surface_of(moved(reference, box, kSurfacePadding), dimensions, options.simd)};
  const SurfacePair pair{&surfaces[0], &surfaces[1]};
  Workers alone(1);
  return surface_distances({&pair, 1}, spacing, alone, options).front();
}

}  // namespace medperf::metrics
