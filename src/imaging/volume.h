#pragma once
// A volume: voxels of one type on a grid in the patient. What every reader of images gives.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "imaging/geometry.h"
#include "imaging/occupied_blocks.h"

namespace medperf::imaging {

enum class ElementType { kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF32, kF64 };

/// Bytes of one element: 1, 2, 4 or 8.
std::size_t size_of(ElementType type);
/// "u8", "i16", "f32", for messages.
std::string_view to_string(ElementType type);

template <typename T>
struct ElementTypeOf;  ///< ElementTypeOf<float>::value is kF32
// clang-format off
template <> struct ElementTypeOf<std::uint8_t> { static constexpr auto value = ElementType::kU8; };
template <> struct ElementTypeOf<std::int8_t> { static constexpr auto value = ElementType::kI8; };
template <> struct ElementTypeOf<std::uint16_t> { static constexpr auto value = ElementType::kU16; };
template <> struct ElementTypeOf<std::int16_t> { static constexpr auto value = ElementType::kI16; };
template <> struct ElementTypeOf<std::uint32_t> { static constexpr auto value = ElementType::kU32; };
template <> struct ElementTypeOf<std::int32_t> { static constexpr auto value = ElementType::kI32; };
template <> struct ElementTypeOf<std::uint64_t> { static constexpr auto value = ElementType::kU64; };
template <> struct ElementTypeOf<std::int64_t> { static constexpr auto value = ElementType::kI64; };
template <> struct ElementTypeOf<float> { static constexpr auto value = ElementType::kF32; };
template <> struct ElementTypeOf<double> { static constexpr auto value = ElementType::kF64; };
// clang-format on

/// Bytes that are not cleared when taken (a decoder fills them), aligned for every element type.
/// Moves; a copy is asked for by name. Large ones that are given back are kept for the next, up to
/// 64 MiB in all: the system clears each page that it hands out, which for a cohort of packed label
/// maps takes as long as unpacking them.
class ElementBuffer {
 public:
  ElementBuffer() = default;
  /// `size` bytes with undefined content. Throws std::bad_alloc.
  explicit ElementBuffer(std::size_t size);
  /// `size` zero bytes, of which large ones are memory only once they are touched. Throws
  /// std::bad_alloc.
  static ElementBuffer zeros(std::size_t size);
  /// `size` zero bytes, in order to write a few of them: fill(bytes, occupied) marks those that it
  /// writes. The buffer remembers them, so that readers need not look at the others and the next
  /// such buffer need not clear them. Throws std::bad_alloc.
  template <typename Fill>
  static ElementBuffer sparse(std::size_t size, const Fill& fill) {
    ElementBuffer buffer = zeros(size);
    buffer.occupied_.emplace(size);
    fill(std::span(buffer.memory_, size), *buffer.occupied_);
    return buffer;
  }
  ElementBuffer(ElementBuffer&& other) noexcept;
  ElementBuffer& operator=(ElementBuffer&& other) noexcept;
  ~ElementBuffer();

  /// To write anywhere: what is zero is no longer known.
  std::uint8_t* data() {
    occupied_.reset();
    return memory_ + start_;
  }
  const std::uint8_t* data() const { return memory_ + start_; }
  std::size_t size() const { return size_; }
  /// Forgets the first `count` bytes (a file's header). They stay in memory when what follows is
  /// aligned, else the rest moves down.
  void drop_front(std::size_t count);
  /// Keeps the first `size` bytes and gives the rest back to the system.
  void shrink(std::size_t size);
  ElementBuffer copy() const;
  /// Bit i: bytes from i * OccupiedBlocks::kBytes on may be other than zero. Empty: not known.
  std::vector<std::uint64_t> occupied() const;

 private:
  std::uint8_t* memory_ = nullptr;
  std::size_t capacity_ = 0;  ///< of memory_ as it was taken; 0 once it was shrunk
  std::size_t start_ = 0;
  std::size_t size_ = 0;
  std::optional<OccupiedBlocks> occupied_;  ///< of memory_; no value: any byte may be other than 0
};

/// Voxels on a grid. Element (i, j, k) is at (k * size[1] + j) * size[0] + i, in native byte order.
struct Volume {
  Geometry geometry;
  ElementType type = ElementType::kU8;
  ElementBuffer elements;  ///< voxel_count() * size_of(type) bytes
  /// What a person should know of how the file was read, e.g. that its two orientations differ.
  std::vector<std::string> remarks;

  /// The voxels. Precondition: `type` is T's.
  template <typename T>
  std::span<const T> as() const {
    check_type(ElementTypeOf<T>::value);
    return {reinterpret_cast<const T*>(elements.data()), elements.size() / sizeof(T)};
  }
  template <typename T>
  std::span<T> as() {
    check_type(ElementTypeOf<T>::value);
    return {reinterpret_cast<T*>(elements.data()), elements.size() / sizeof(T)};
  }

 private:
  void check_type(ElementType wanted) const;  ///< throws std::logic_error
};

/// A volume of `type` on `geometry`, all zero. Precondition: the size in bytes fits std::size_t.
Volume make_volume(const Geometry& geometry, ElementType type);

/// Calls f with the voxels as a span of their own type: visit_elements(v, [](auto voxels) {...}).
template <typename F>
auto visit_elements(const Volume& volume, F&& f) {
  switch (volume.type) {
    case ElementType::kU8:
      return f(volume.as<std::uint8_t>());
    case ElementType::kI8:
      return f(volume.as<std::int8_t>());
    case ElementType::kU16:
      return f(volume.as<std::uint16_t>());
    case ElementType::kI16:
      return f(volume.as<std::int16_t>());
    case ElementType::kU32:
      return f(volume.as<std::uint32_t>());
    case ElementType::kI32:
      return f(volume.as<std::int32_t>());
    case ElementType::kU64:
      return f(volume.as<std::uint64_t>());
    case ElementType::kI64:
      return f(volume.as<std::int64_t>());
    case ElementType::kF32:
      return f(volume.as<float>());
    case ElementType::kF64:
      break;
  }
  return f(volume.as<double>());
}

/// The voxels as doubles (64-bit integers beyond 2^53 are rounded).
std::vector<double> to_doubles(const Volume& volume);

/// value = slope x stored + intercept
struct Scaling {
  double slope = 1;
  double intercept = 0;
};

/// The volume as a label map: every voxel a whole number, held in the smallest of u8, u16 and i32
/// that holds them all (floating-point files with whole numbers are common). Works in the
/// volume's own memory, unless labels are longer than what was stored. Errors: invalid, with the
/// first voxel that is no whole number or lies outside i32; too_large (more bytes than `limit`).
Result<Volume> to_labels(Volume&& volume, const Bytes& limit = mebibytes(4096));
/// The same of scaled voxels, whose values are never in memory at once.
Result<Volume> to_labels(Volume&& stored, const Scaling& scaling,
                         const Bytes& limit = mebibytes(4096));

}  // namespace medperf::imaging
