#pragma once
// NumPy's .npz files: a zip of .npy files.

#include <map>
#include <string>
#include <string_view>

#include "imaging/npy.h"

namespace medperf::imaging {

struct NpzLimits {
  std::size_t entries = 1000;
  Bytes unpacked = mebibytes(1024);  ///< of all entries together
};

/// Reads all arrays of an .npz file given as bytes; names come without ".npy".
/// Errors: corrupt (no zip, broken entry, a name twice), too_large, invalid (see parse_npy).
Result<std::map<std::string, NpyArray>> parse_npz(std::string_view bytes,
                                                  const NpzLimits& limits = {});

}  // namespace medperf::imaging
