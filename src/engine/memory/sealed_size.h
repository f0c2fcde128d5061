#pragma once
// How large an encrypted image is, decrypted and unpacked, and what a run of it takes of memory.

#include "base/ids.h"

namespace medperf::engine {

struct SealedSize {
  Bytes plain{0};         ///< of the decrypted archive
  Bytes unpacked{0};      ///< of its files; of a sif: of its compressed file system
  bool squashed = false;  ///< a sif
};

/// Times that an image may lie in memory, on the engine that needs most.
inline constexpr int kMostCopies = 4;

/// Memory that a run of it takes at most, besides what its container uses, when it lies there
/// `copies` times.
Bytes memory_needed(const SealedSize& image, int copies);
/// What it may still take of that once its engine has loaded it and the archive is gone.
Bytes memory_after_loading(const SealedSize& image, int copies);

}  // namespace medperf::engine
