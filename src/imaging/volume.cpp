#include "imaging/volume.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace medperf::imaging {
namespace {

struct TypeRow {
  std::size_t size;
  std::string_view name;
};
constexpr TypeRow kTypes[] = {{1, "u8"},  {1, "i8"},  {2, "u16"}, {2, "i16"}, {4, "u32"},
                              {4, "i32"}, {8, "u64"}, {8, "i64"}, {4, "f32"}, {8, "f64"}};

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLarge = 2 * kHugePage;

// A sanitizer shall see each buffer's end.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kMostKept = 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr std::size_t kMostKept = 0;
#else
constexpr std::size_t kMostKept = std::size_t{64} << 20;
#endif
#else
constexpr std::size_t kMostKept = std::size_t{64} << 20;
#endif

struct Block {
  std::uint8_t* memory = nullptr;
  std::size_t capacity = 0;
  bool zero = false;  // all of it
};

/// Large blocks that were given back, for the next that want as much.
class KeptBlocks {
 public:
  /// A block of at least so many bytes, and at most twice as many: the rest would lie idle; one
  /// that is zero, or is not, if there is such a one. When none fits, volumes of another size are
  /// read now, and all are given back to the system.
  Block take(std::size_t size, bool zero) {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const Block& one) {
      return one.capacity >= size && one.capacity / 2 <= size;
    };
    auto found = std::find_if(blocks_.begin(), blocks_.end(),
                              [&](const Block& one) { return fits(one) && one.zero == zero; });
    if (found == blocks_.end()) found = std::find_if(blocks_.begin(), blocks_.end(), fits);
    if (found == blocks_.end()) {
      for (const Block& block : blocks_) std::free(block.memory);
      blocks_.clear();
      kept_ = 0;
      return {};
    }
    const Block block = *found;
    blocks_.erase(found);
    kept_ -= block.capacity;
    return block;
  }

  void give(const Block& block) {
    {
      const std::lock_guard lock(mutex_);
      if (block.capacity >= kLarge && block.capacity <= kMostKept - std::min(kept_, kMostKept)) {
        blocks_.push_back(block);
        kept_ += block.capacity;
        return;
      }
    }
    std::free(block.memory);
  }

 private:
  std::mutex mutex_;
  std::vector<Block> blocks_;
  std::size_t kept_ = 0;  // bytes
};

/// Never destroyed: buffers may end after it.
KeptBlocks& kept_blocks() {
  static auto* const blocks = new KeptBlocks;
  return *blocks;
}

/// Large buffers are taken in pages of two megabytes where the system has them: a volume is filled
/// once and read a few times, and the first touch of its small pages takes longer than both.
Block take(std::size_t size, bool zero) {
  if (size < kLarge) {
    const std::size_t least = std::max<std::size_t>(size, 1);
    return {static_cast<std::uint8_t*>(std::malloc(least)), least};
  }
  if (const Block kept = kept_blocks().take(size, zero); kept.memory != nullptr) return kept;
  void* memory = nullptr;
  if (::posix_memalign(&memory, kHugePage, size) != 0) return {};
  ::madvise(memory, size, MADV_HUGEPAGE);  // a wish
  return {static_cast<std::uint8_t*>(memory), size};
}

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

template <typename T>
Error first_no_label(std::span<const T> voxels, const Geometry& geometry) {
  for (std::size_t at = 0; at < voxels.size(); ++at) {
    if constexpr (std::is_floating_point_v<T>) {
      if (voxels[at] != std::trunc(voxels[at])) {
        return no_label(geometry, at, fmt::format("{}", voxels[at]), "no whole number");
      }
    }
    if (!fits_i32(voxels[at], voxels[at])) {
      return no_label(geometry, at, fmt::format("{}", voxels[at]), "beyond 32 bits");
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
            LabelRange range{0, 0};
            good = widen(range, part) && range.lowest >= 0 && range.highest <= 0xff;
            if (!good) return;
            for (std::size_t i = 0; i < part.size(); ++i) {
              zeros[first + i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(part[i]));
            }
            written.mark(first, first + part.size());
          }
        }
      });
  if (!good) return std::nullopt;
  return labels;
}

template <typename From>
void store_labels(Volume& volume, const LabelRange& range) {
  const std::size_t count = volume.elements.size() / sizeof(From);
  std::uint8_t* data = volume.elements.data();
  if (range.lowest >= 0 && range.highest <= 0xff) {
    if constexpr (!std::is_same_v<From, std::uint8_t>) narrow<From, std::uint8_t>(data, count);
    volume.type = ElementType::kU8;
  } else if (range.lowest >= 0 && range.highest <= 0xffff) {
    if constexpr (sizeof(From) >= 2) narrow<From, std::uint16_t>(data, count);
    volume.type = ElementType::kU16;
  } else if constexpr (sizeof(From) >= 4) {
    narrow<From, std::int32_t>(data, count);
    volume.type = ElementType::kI32;
  } else {
    ElementBuffer wide(count * sizeof(std::int32_t));  // negative labels of one or two bytes
    for (std::size_t at = 0; at < count; ++at) {
      From from;
      std::memcpy(&from, data + at * sizeof(From), sizeof(From));
      const auto to = static_cast<std::int32_t>(from);
      std::memcpy(wide.data() + at * sizeof(to), &to, sizeof(to));
    }
    volume.elements = std::move(wide);
    volume.type = ElementType::kI32;
  }
  volume.elements.shrink(count * size_of(volume.type));
}

}  // namespace

std::size_t size_of(ElementType type) {
  return kTypes[static_cast<std::size_t>(type)].size;
}

std::string_view to_string(ElementType type) {
  return kTypes[static_cast<std::size_t>(type)].name;
}

ElementBuffer::ElementBuffer(std::size_t size) : size_(size) {
  const Block block = take(size, false);
  if (block.memory == nullptr) throw std::bad_alloc();
  memory_ = block.memory;
  capacity_ = block.capacity;
}

ElementBuffer ElementBuffer::zeros(std::size_t size) {
  const Block block = take(size, true);
  if (block.memory == nullptr) throw std::bad_alloc();
  if (!block.zero) std::memset(block.memory, 0, block.capacity);
  ElementBuffer buffer;
  buffer.memory_ = block.memory;
  buffer.capacity_ = block.capacity;
  buffer.size_ = size;
  return buffer;
}

ElementBuffer::~ElementBuffer() {
  if (memory_ == nullptr) return;
  const bool sparse = occupied_ && capacity_ >= kLarge;
  if (sparse) {
    for (const OccupiedBlocks::Range& range : occupied_->ranges()) {
      std::memset(memory_ + range.first, 0, range.last - range.first);
    }
  }
  kept_blocks().give({memory_, capacity_, sparse});
}

ElementBuffer::ElementBuffer(ElementBuffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)),
      start_(std::exchange(other.start_, 0)),
      size_(std::exchange(other.size_, 0)),
      occupied_(std::exchange(other.occupied_, std::nullopt)) {}

ElementBuffer& ElementBuffer::operator=(ElementBuffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(capacity_, other.capacity_);
  std::swap(start_, other.start_);
  std::swap(size_, other.size_);
  std::swap(occupied_, other.occupied_);
  return *this;
}

void ElementBuffer::drop_front(std::size_t count) {
  start_ += count;
  size_ -= count;
  if (start_ % alignof(std::max_align_t) == 0) return;
  occupied_.reset();
  std::memmove(memory_, memory_ + start_, size_);
  start_ = 0;
}

void ElementBuffer::shrink(std::size_t size) {
  if (size >= size_) return;
  size_ = size;
  const std::size_t wanted = start_ + (size == 0 ? 1 : size);
  void* less = std::realloc(memory_, wanted);
  if (less == nullptr) return;
  memory_ = static_cast<std::uint8_t*>(less);
  occupied_.reset();
  capacity_ = 0;  // what is left is smaller than what readers take: it is not kept
}

ElementBuffer ElementBuffer::copy() const {
  ElementBuffer other(size_);
  if (size_ > 0) std::memcpy(other.data(), data(), size_);
  return other;
}

std::vector<std::uint64_t> ElementBuffer::occupied() const {
  if (!occupied_) return {};
  auto words = occupied_->words_from(start_);
  constexpr std::size_t kWord = 64 * OccupiedBlocks::kBytes;
  words.resize((size_ + kWord - 1) / kWord);
  return words;
}

void Volume::check_type(ElementType wanted) const {
  if (type != wanted) {
    throw std::logic_error(
        fmt::format("a volume of {} was read as {}", to_string(type), to_string(wanted)));
  }
}

Volume make_volume(const Geometry& geometry, ElementType type) {
  Volume volume;
  volume.geometry = geometry;
  volume.type = type;
  volume.elements = ElementBuffer(geometry.voxel_count() * size_of(type));
  std::memset(volume.elements.data(), 0, volume.elements.size());
  return volume;
}

std::vector<double> to_doubles(const Volume& volume) {
  return visit_elements(
      volume, [](auto voxels) { return std::vector<double>(voxels.begin(), voxels.end()); });
}

Result<Volume> to_labels(Volume&& volume) {
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
  visit_elements(volume, [&](auto voxels) {
    store_labels<std::remove_cv_t<typename decltype(voxels)::element_type>>(volume, *range);
  });
  return std::move(volume);
}

}  // namespace medperf::imaging
