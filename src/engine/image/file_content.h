#pragma once
// What is read inside a layer, besides names: short texts for secrets, and the few files that say
// what the image is made of.

#include <cstdint>
#include <string_view>

#include "engine/image/archive.h"
#include "engine/image/tar_stream.h"

namespace medperf::engine {

/// How much of a file is worth reading; 0: none of it.
std::uint64_t wanted_bytes(std::string_view path, const TarEntry& entry);

/// Notes a list of packages that is there but cannot be counted: rpm's older forms, or too large.
void note_uncounted(std::string_view path, const TarEntry& entry, ImageContents& contents);

/// Notes what `text`, the content of `path`, tells.
void look_into(std::string_view path, std::string_view text, ImageContents& contents);

}  // namespace medperf::engine
