#include "imaging/volume.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
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
  bool zero = false;       // all of it
  bool untouched = false;  // never written to
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

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
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
  return {static_cast<std::uint8_t*>(memory), size, false, true};
}

/// Makes a block zero. What comes new from the system is given back and then is zero when it is
/// touched: a header may announce gigabytes of which the file holds nothing.
void clear(const Block& block) {
  std::size_t known = 0;  // bytes that are zero
  if (block.untouched) {
    const std::size_t whole = block.capacity / page_size() * page_size();
    if (::madvise(block.memory, whole, MADV_DONTNEED) == 0) known = whole;
  }
  std::memset(block.memory + known, 0, block.capacity - known);
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
  if (!block.zero) clear(block);
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
  kept_blocks().give({memory_, capacity_, sparse, false});
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
  volume.elements = ElementBuffer::zeros(geometry.voxel_count() * size_of(type));
  return volume;
}

std::vector<double> to_doubles(const Volume& volume) {
  return visit_elements(
      volume, [](auto voxels) { return std::vector<double>(voxels.begin(), voxels.end()); });
}

}  // namespace medperf::imaging
