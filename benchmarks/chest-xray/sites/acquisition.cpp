#include "acquisition.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace cxr {
namespace {

using Plane = std::array<double, kPixels>;

std::size_t at(int x, int y) {
  return static_cast<std::size_t>(y) * kSide + static_cast<std::size_t>(x);
}

Plane rotate(const Plane& in, double angle) {
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const double centre = (kSide - 1) / 2.0;
  Plane out;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double dx = x - centre;
      const double dy = y - centre;
      const double sx = std::clamp(c * dx + s * dy + centre, 0.0, kSide - 1.0);
      const double sy = std::clamp(-s * dx + c * dy + centre, 0.0, kSide - 1.0);
      const int x0 = std::min(static_cast<int>(sx), kSide - 2);
      const int y0 = std::min(static_cast<int>(sy), kSide - 2);
      const double fx = sx - x0;
      const double fy = sy - y0;
      const double upper = in[at(x0, y0)] * (1 - fx) + in[at(x0 + 1, y0)] * fx;
      const double lower = in[at(x0, y0 + 1)] * (1 - fx) + in[at(x0 + 1, y0 + 1)] * fx;
      out[at(x, y)] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

constexpr int kReach = 4;  // pixels: four standard deviations of the widest blur
using Taps = std::array<double, 2 * kReach + 1>;

Plane blur_along(const Plane& in, const Taps& taps, int step_x, int step_y) {
  Plane out;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      double sum = 0;
      int k = -kReach;
      for (const double tap : taps) {
        const int from_x = std::clamp(x + k * step_x, 0, kSide - 1);
        const int from_y = std::clamp(y + k * step_y, 0, kSide - 1);
        sum += tap * in[at(from_x, from_y)];
        ++k;
      }
      out[at(x, y)] = sum;
    }
  }
  return out;
}

Plane blur(const Plane& in, double deviation) {
  Taps taps;
  double total = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const double k = static_cast<double>(i) - kReach;
    taps[i] = std::exp(-k * k / (2 * deviation * deviation));
    total += taps[i];
  }
  for (double& tap : taps) tap /= total;
  return blur_along(blur_along(in, taps, 1, 0), taps, 0, 1);
}

}  // namespace

Image acquire(const Image& image, const Shift& shift, RandomStream& random) {
  Plane plane;
  for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = image[i] / 255.0;
  // Drawn also where nothing is rotated, so that a site's noise does not depend on its rotation.
  const double angle = (2 * random.uniform() - 1) * shift.rotation * (std::numbers::pi / 180.0);
  if (shift.rotation > 0) plane = rotate(plane, angle);
  if (shift.blur > 0) plane = blur(plane, shift.blur);
  Image out;
  for (std::size_t i = 0; i < plane.size(); ++i) {
    double value = std::pow(std::clamp(plane[i], 0.0, 1.0), shift.gamma);
    value = (value - 0.5) * shift.contrast + 0.5 + random.normal() * shift.noise;
    out[i] = static_cast<unsigned char>(std::floor(std::clamp(value, 0.0, 1.0) * 255 + 0.5));
  }
  return out;
}

}  // namespace cxr
