#pragma once
// One layer of an image: hashed packed and unpacked in one pass, its file list looked through.

#include <string>

#include "engine/image/archive.h"
#include "engine/image/tar_stream.h"

namespace medperf::engine {

struct ScannedBlob {
  std::string digest;   ///< SHA-256 hex of the bytes as they stand in the archive
  std::string diff_id;  ///< SHA-256 hex of the unpacked bytes
  std::uint64_t size = 0;
  std::uint64_t unpacked = 0;
  std::uint64_t position = 0;  ///< see Layer::position
  ImageContents contents;
  std::string problem;  ///< why this is no readable layer; empty: it is one
};

/// Reads `source` to its end. `budget` is what all layers may still unpack to; it is reduced.
/// A blob that is no tar is no error here (`problem` says so): only a manifest can make it one.
/// Errors: too_large, and those of the source.
Result<ScannedBlob> scan_layer(const ByteSource& source, const ArchiveLimits& limits,
                               std::uint64_t& budget);

/// Adds what `layer` holds to `image`, keeping lists short.
void merge(ImageContents& image, const ImageContents& layer);

}  // namespace medperf::engine
