#pragma once
// Grey PNG images, exactly as stored: no gamma, colour or alpha conversion.
// Source: W3C, Portable Network Graphics Specification (Second Edition).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf::imaging {

struct GreyImage {
  std::uint32_t width = 0;            ///< pixels
  std::uint32_t height = 0;           ///< pixels
  int bits = 8;                       ///< 8 or 16; 1, 2 or 4 for who asks for those
  std::vector<std::uint16_t> pixels;  ///< row by row, 0 to 255 or 0 to 65535
};

struct PngLimits {
  std::uint32_t side = 20'000;  ///< pixels
  std::uint64_t pixels = 100'000'000;
  /// Images of 1, 2 or 4 bits are refused unless these are asked for. Their pixels are as stored
  /// (0 and 1 for one bit), not spread to 0 to 255: labels, not brightness.
  int fewest_bits = 8;
};

/// Reads a PNG file given as bytes. Errors: corrupt (no PNG, cut short, wrong checksum), invalid
/// (colour, palette, alpha, or fewer bits than asked for), too_large.
Result<GreyImage> parse_png(std::string_view bytes, const PngLimits& limits = {});

/// The bytes of a PNG file; the same image and library give the same bytes. Errors: invalid (bits
/// not 8 or 16, size 0 or not matching the pixels, a pixel beyond the bits).
Result<std::string> write_png(const GreyImage& image);

}  // namespace medperf::imaging
