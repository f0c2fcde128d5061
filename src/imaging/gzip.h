#pragma once
// gzip (RFC 1952), for files whose unpacked size is known from their own header.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::imaging {

/// Whether the bytes begin as a gzip member does.
bool is_gzip(std::string_view bytes);

/// No more bytes than this can come out of `packed` ones: DEFLATE packs at most 1032 to 1.
/// Source: RFC 1951; zlib's technical notes, "maximum expansion factor".
std::uint64_t most_unpacked(std::uint64_t packed);

/// The first `count` unpacked bytes; fewer when there are not as many. Takes no more memory than
/// that. Errors: corrupt.
Result<std::string> gunzip_front(std::string_view bytes, std::size_t count);

/// Unpacks all members one after another into `out`, which they must fill exactly. Zero bytes
/// after the last member are allowed (as gzip does, for tapes); anything else is an error. The
/// sizes that the members claim are not believed, their check sums are verified.
/// Errors: corrupt (damaged, cut short, more or less than out.size(), foreign bytes at the end).
Status gunzip(std::string_view bytes, std::span<std::uint8_t> out);

/// One member with no time, name or system in it: the same bytes for the same input. Level 1
/// (fast) to 12 (small).
std::string gzip(std::string_view bytes, int level = 6);

}  // namespace medperf::imaging
