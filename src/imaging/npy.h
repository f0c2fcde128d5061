#pragma once
// NumPy's .npy files (format versions 1.0, 2.0 and 3.0), read from bytes with limits and written.
// Source: numpy/lib/format.py, "A simple format for saving numpy arrays to disk".

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace medperf::imaging {

/// The element types that are read; all little-endian. Others (complex, text, objects) are refused:
/// an object array is a Python pickle, that is, a program.
enum class NpyType { kBool, kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF32, kF64 };

/// Bytes of one element.
std::size_t size_of(NpyType type);
/// NumPy's name: "|u1", "<f4".
std::string_view descr_of(NpyType type);

/// An array in C order (last index fastest), its elements as little-endian bytes.
struct NpyArray {
  NpyType type = NpyType::kU8;
  std::vector<std::size_t> shape;  ///< empty: a single value
  std::string data;

  std::size_t count() const;
  /// "(624, 28, 28) |u1", for messages.
  std::string description() const;
};

struct NpyLimits {
  Bytes data = mebibytes(1024);  ///< of the elements
  std::size_t header = 64 << 10;
  std::size_t dimensions = 8;
};

/// Reads a whole .npy file given as bytes. Arrays in Fortran order are turned into C order.
/// Errors: corrupt (no .npy, cut short, bytes left over), too_large, invalid (type not read here).
Result<NpyArray> parse_npy(std::string_view bytes, const NpyLimits& limits = {});

/// The bytes of a version 1.0 file. Precondition: data.size() == count() * size_of(type).
std::string write_npy(const NpyArray& array);

/// The elements as doubles (64-bit integers beyond 2^53 are rounded; true is 1).
std::vector<double> to_doubles(const NpyArray& array);

}  // namespace medperf::imaging
