#pragma once
// Unpacks gzip data that is zero almost everywhere, as label maps are. Their zeros are neither
// written nor read: a run of them is a few symbols in the packed data, and stays one here.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "imaging/occupied_blocks.h"

namespace medperf::imaging {

/// Whether unpacking `packed` bytes to `unpacked` is quicker this way than with a decoder that
/// writes all of them.
bool is_sparse(std::size_t packed, std::size_t unpacked);

/// Unpacks one gzip member that fills `zeros` exactly, and marks what it wrote. `zeros` is all zero
/// when called, and nothing in `occupied` is marked. Check sum and size are verified. False when
/// the data is damaged or anything else than one plain member and zero bytes behind it: gunzip()
/// says what is wrong with it, or unpacks it after all. RFC 1951, RFC 1952.
bool gunzip_sparse(std::string_view bytes, std::span<std::uint8_t> zeros, OccupiedBlocks& occupied);

}  // namespace medperf::imaging
