#pragma once
// The simulated acquisition of one hospital, applied to one image.

#include <array>
#include <cstddef>

#include "random_stream.h"

namespace cxr {

constexpr int kSide = 28;  ///< pixels
constexpr std::size_t kPixels = 784;
using Image = std::array<unsigned char, kPixels>;

struct Shift {
  double rotation = 0;  ///< degrees, at most this much either way
  double blur = 0;      ///< standard deviation, pixels, at most 1
  double gamma = 1;
  double contrast = 1;
  double noise = 0;  ///< standard deviation, of the range 0 to 1
};

/// The image as the hospital would have recorded it; the order of steps is in sites.yaml.
Image acquire(const Image& image, const Shift& shift, RandomStream& random);

}  // namespace cxr
