#pragma once
// The image of the probe: one static program and nothing else, made here without any builder.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace medperf::engine {

struct BuiltImage {
  ImageId image;
  std::string archive;  ///< a docker-archive
};

/// A docker-archive with the one file /`name` (0755) as its entry point. The same bytes give the
/// same image.
BuiltImage build_image(std::string_view name, std::string_view program);

/// One tar entry of a regular file (POSIX ustar), padded; a whole archive ends with tar_end().
std::string tar_entry(std::string_view name, std::string_view content, unsigned mode = 0644);
std::string tar_end();
/// The header alone, for content that is streamed. Sizes from 8 GiB on are written in base 256, as
/// GNU tar does. Errors: invalid, a name of more than 100 bytes.
Result<std::string> tar_header(std::string_view name, std::uint64_t size, unsigned mode = 0644);

}  // namespace medperf::engine
