// Voxels to labels: what to_labels in volume.h promises.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "imaging/volume.h"

namespace medperf::imaging {
namespace {

struct LabelRange {
  std::int32_t lowest = 0;
  std::int32_t highest = 0;
};

Error no_label(const Geometry& geometry, std::size_t at, const std::string& value,
               std::string_view why) {
  const std::size_t i = at % geometry.size[0];
  const std::size_t j = at / geometry.size[0] % geometry.size[1];
  const std::size_t k = at / geometry.size[0] / geometry.size[1];
  return make_error(ErrorKind::kInvalid, {},
                    fmt::format("voxel ({}, {}, {}) is {}, {}", i, j, k, value, why),
                    "A label map holds whole numbers: write classes, not probabilities.");
}

constexpr std::size_t kBlock = 4096;  // elements worked on at a time, within the first-level cache

template <typename T>
bool fits_i32(T lowest, T highest) {
  if constexpr (std::is_floating_point_v<T>) {
    return lowest >= T{-2147483648.0} && highest < T{2147483648.0};
  } else {
    return std::in_range<std::int32_t>(lowest) && std::in_range<std::int32_t>(highest);
  }
}

/// Takes a block of voxels into the range; false when one of them is no label. Without an exit
/// inside, the loops are done many elements at a time.
template <typename T>
bool widen(LabelRange& range, std::span<const T> block) {
  T lowest = block[0];
  T highest = block[0];
  for (const T value : block) {
    lowest = value < lowest ? value : lowest;
    highest = value > highest ? value : highest;
  }
  if (!fits_i32(lowest, highest)) return false;
  range.lowest = std::min(range.lowest, static_cast<std::int32_t>(lowest));
  range.highest = std::max(range.highest, static_cast<std::int32_t>(highest));
  return true;
}

/// Of floating-point voxels as whole numbers: the least and greatest float could not be found many
/// at a time, since NaN makes their order matter.
template <std::floating_point T>
bool widen(LabelRange& range, std::span<const T> block) {
  constexpr T kLeast = -2147483648.0;
  constexpr T kMost = std::is_same_v<T, float> ? 2147483520.0 : 2147483647.0;
  std::int32_t lowest = range.lowest;
  std::int32_t highest = range.highest;
  std::int32_t wrong = 0;
  for (const T value : block) {
    T inside = value < kMost ? value : kMost;  // NaN becomes kMost
    inside = inside > kLeast ? inside : kLeast;
    const auto whole = static_cast<std::int32_t>(inside);
    wrong |= static_cast<T>(whole) != value ? 1 : 0;  // also when it was NaN or outside
    lowest = whole < lowest ? whole : lowest;
    highest = whole > highest ? whole : highest;
  }
  range = {lowest, highest};
  return wrong == 0;
}

/// `start` is the place of the first of `voxels` in the volume.
template <typename T>
Error first_no_label(std::span<const T> voxels, const Geometry& geometry, std::size_t start = 0) {
  for (std::size_t i = 0; i < voxels.size(); ++i) {
    const std::size_t at = start + i;
    if constexpr (std::is_floating_point_v<T>) {
      if (voxels[i] != std::trunc(voxels[i])) {
        return no_label(geometry, at, fmt::format("{}", voxels[i]), "no whole number");
      }
    }
    if (!fits_i32(voxels[i], voxels[i])) {
      return no_label(geometry, at, fmt::format("{}", voxels[i]), "beyond 32 bits");
    }
  }
  return make_error(ErrorKind::kBug, {}, "a label map was refused for no voxel of it");
}

/// The least and the greatest label; an error at the first voxel that is none.
template <typename T>
Result<LabelRange> label_range(std::span<const T> voxels, const Geometry& geometry) {
  LabelRange range{std::numeric_limits<std::int32_t>::max(),
                   std::numeric_limits<std::int32_t>::min()};
  for (std::size_t start = 0; start < voxels.size(); start += kBlock) {
    const auto block = voxels.subspan(start, std::min(kBlock, voxels.size() - start));
    if (!widen(range, block)) return first_no_label(voxels, geometry);
  }
  return range;
}

/// Narrows from front to back within one buffer: what is written never passes what is read.
template <typename From, typename To>
void narrow(std::uint8_t* data, std::size_t count) {
  static_assert(sizeof(To) <= sizeof(From));
  From from[kBlock];
  To to[kBlock];
  for (std::size_t start = 0; start < count; start += kBlock) {
    const std::size_t n = std::min(kBlock, count - start);
    std::memcpy(from, data + start * sizeof(From), n * sizeof(From));
    // By way of 32 bits, which all labels fit: what compilers know how to do many at a time.
    for (std::size_t i = 0; i < n; ++i) {
      to[i] = static_cast<To>(static_cast<std::int32_t>(from[i]));
    }
    std::memcpy(data + start * sizeof(To), to, n * sizeof(To));
  }
}

/// Floating-point labels in [0, 255] as bytes; false when one of them is none of these. Whether
/// there is another takes less than which are the least and the greatest. Without conversions,
/// which of NaN and of huge values are undefined: `shift` has no bits left for a fraction, so its
/// sum with a whole number below it is exact and has that number as its last bits.
template <std::floating_point T>
bool to_bytes(std::span<const T> block, std::uint8_t* out) {
  using Word = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  constexpr T shift = static_cast<T>(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1));
  constexpr auto base = std::bit_cast<Word>(shift);
  Word other = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const T sum = block[i] + shift;
    const Word whole = std::bit_cast<Word>(sum) - base;
    other |= whole & ~Word{0xff};  // NaN, too great, below zero
    other |= sum - shift != block[i] ? Word{0x100} : Word{0};
    out[i] = static_cast<std::uint8_t>(whole);
  }
  return other == 0;
}

template <std::integral T>
bool to_bytes(std::span<const T> block, std::uint8_t* out) {
  LabelRange range{0, 0};
  if (!widen(range, block) || range.lowest < 0 || range.highest > 0xff) return false;
  for (std::size_t i = 0; i < block.size(); ++i) out[i] = static_cast<std::uint8_t>(block[i]);
  return true;
}

/// Labels in [0, 255] of voxels that are zero almost everywhere, as bytes: what is known to be zero
/// is neither read nor written. Nothing when that is not known, or a label is another.
template <typename From>
std::optional<ElementBuffer> sparse_labels(const Volume& volume) {
  const std::vector<std::uint64_t> occupied = volume.elements.occupied();
  if (occupied.empty()) return std::nullopt;
  constexpr std::size_t kVoxels = OccupiedBlocks::kBytes / sizeof(From);
  const std::span<const From> voxels = volume.as<From>();
  bool good = true;
  ElementBuffer labels = ElementBuffer::sparse(
      voxels.size(), [&](std::span<std::uint8_t> zeros, OccupiedBlocks& written) {
        for (std::size_t word = 0; word < occupied.size() && good; ++word) {
          for (std::uint64_t bits = occupied[word]; bits != 0 && good; bits &= bits - 1) {
            const auto block = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            const std::size_t first = block * kVoxels;
            if (first >= voxels.size()) break;
            const auto part = voxels.subspan(first, std::min(kVoxels, voxels.size() - first));
            written.mark(first, first + part.size());
            good = to_bytes(part, &zeros[first]);
          }
        }
      });
  if (!good) return std::nullopt;
  return labels;
}

Error labels_too_large(std::size_t count, std::size_t bytes_each, const Bytes& limit) {
  return make_error(ErrorKind::kTooLarge, {},
                    fmt::format("{} labels of {} bytes each are more than {}", count, bytes_each,
                                to_string(limit)),
                    "Raise the limit if the image is as large as that.");
}

ElementType type_for(const LabelRange& range) {
  if (range.lowest >= 0 && range.highest <= 0xff) return ElementType::kU8;
  if (range.lowest >= 0 && range.highest <= 0xffff) return ElementType::kU16;
  return ElementType::kI32;
}

/// Labels of one or two bytes that need more.
template <typename From, typename To>
ElementBuffer widened(const std::uint8_t* data, std::size_t count) {
  ElementBuffer wide(count * sizeof(To));
  std::uint8_t* const out = wide.data();
  for (std::size_t at = 0; at < count; ++at) {
    From from;
    std::memcpy(&from, data + at * sizeof(From), sizeof(From));
    const auto to = static_cast<To>(from);
    std::memcpy(out + at * sizeof(To), &to, sizeof(To));
  }
  return wide;
}

template <typename From>
Status store_labels(Volume& volume, const LabelRange& range, const Bytes& limit) {
  const std::size_t count = volume.elements.size() / sizeof(From);
  const ElementType type = type_for(range);
  if (size_of(type) > sizeof(From) && count > limit.value / size_of(type)) {
    return labels_too_large(count, size_of(type), limit);
  }
  std::uint8_t* data = volume.elements.data();
  if (type == ElementType::kU8) {
    if constexpr (!std::is_same_v<From, std::uint8_t>) narrow<From, std::uint8_t>(data, count);
  } else if (type == ElementType::kU16) {
    if constexpr (sizeof(From) >= 2) narrow<From, std::uint16_t>(data, count);
  } else if constexpr (sizeof(From) >= 4) {
    narrow<From, std::int32_t>(data, count);
  } else {
    volume.elements = widened<From, std::int32_t>(data, count);  // negative labels
  }
  volume.type = type;
  volume.elements.shrink(count * size_of(type));
  return {};
}

/// Calls f(place of the first, values) for blocks of scaled voxels until it says false.
template <typename From, typename F>
void for_each_block(std::span<const From> stored, const Scaling& scaling, F&& f) {
  double values[kBlock];
  for (std::size_t start = 0; start < stored.size(); start += kBlock) {
    const std::size_t n = std::min(kBlock, stored.size() - start);
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = scaling.slope * static_cast<double>(stored[start + i]) + scaling.intercept;
    }
    if (!f(start, std::span<const double>(values, n))) return;
  }
}

template <typename From>
Result<LabelRange> scaled_range(std::span<const From> stored, const Scaling& scaling,
                                const Geometry& geometry) {
  LabelRange range{std::numeric_limits<std::int32_t>::max(),
                   std::numeric_limits<std::int32_t>::min()};
  std::optional<Error> wrong;
  for_each_block(stored, scaling, [&](std::size_t start, std::span<const double> values) {
    if (!widen(range, values)) wrong = first_no_label(values, geometry, start);
    return !wrong;
  });
  if (wrong) return *std::move(wrong);
  return range;
}

template <typename From, typename To>
ElementBuffer scaled_labels(std::span<const From> stored, const Scaling& scaling) {
  ElementBuffer labels(stored.size() * sizeof(To));
  std::uint8_t* const out = labels.data();
  for_each_block(stored, scaling, [&](std::size_t start, std::span<const double> values) {
    To to[kBlock];
    for (std::size_t i = 0; i < values.size(); ++i) {
      to[i] = static_cast<To>(static_cast<std::int32_t>(values[i]));
    }
    std::memcpy(out + start * sizeof(To), to, values.size() * sizeof(To));
    return true;
  });
  return labels;
}

template <typename From>
Status scale_labels(Volume& volume, const Scaling& scaling, const Bytes& limit) {
  const std::span<const From> stored = std::as_const(volume).as<From>();
  MEDPERF_TRY(const LabelRange range, scaled_range(stored, scaling, volume.geometry));
  const ElementType type = type_for(range);
  if (stored.size() > limit.value / size_of(type)) {
    return labels_too_large(stored.size(), size_of(type), limit);
  }
  if (type == ElementType::kU8) {
    volume.elements = scaled_labels<From, std::uint8_t>(stored, scaling);
  } else if (type == ElementType::kU16) {
    volume.elements = scaled_labels<From, std::uint16_t>(stored, scaling);
  } else {
    volume.elements = scaled_labels<From, std::int32_t>(stored, scaling);
  }
  volume.type = type;
  return {};
}

}  // namespace

Result<Volume> to_labels(Volume&& volume, const Bytes& limit) {
  if (volume.type == ElementType::kU8) return std::move(volume);  // as small as it gets
  auto sparse = visit_elements(volume, [&](auto voxels) {
    return sparse_labels<std::remove_cv_t<typename decltype(voxels)::element_type>>(volume);
  });
  if (sparse) {
    volume.elements = *std::move(sparse);
    volume.type = ElementType::kU8;
    return std::move(volume);
  }
  const auto range =
      visit_elements(volume, [&](auto voxels) { return label_range(voxels, volume.geometry); });
  if (!range) return range.error();
  MEDPERF_CHECK(visit_elements(volume, [&](auto voxels) {
    using From = std::remove_cv_t<typename decltype(voxels)::element_type>;
    return store_labels<From>(volume, *range, limit);
  }));
  return std::move(volume);
}

Result<Volume> to_labels(Volume&& stored, const Scaling& scaling, const Bytes& limit) {
  MEDPERF_CHECK(visit_elements(stored, [&](auto voxels) {
    return scale_labels<std::remove_cv_t<typename decltype(voxels)::element_type>>(stored, scaling,
                                                                                   limit);
  }));
  return std::move(stored);
}

}  // namespace medperf::imaging
