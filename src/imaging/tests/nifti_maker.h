#pragma once
// NIfTI files for tests: written field by field, right or wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "imaging/nifti.h"

namespace medperf::imaging {

/// Writes NIfTI files field by field, in either version and byte order, right or wrong.
struct Maker {
  int version = 1;
  bool swapped = false;
  std::string bytes;

  explicit Maker(int v = 1, bool other_order = false) : version(v), swapped(other_order) {
    bytes.assign(v == 1 ? 352 : 544, '\0');
    put<std::int32_t>(0, v == 1 ? 348 : 540);
    std::memcpy(bytes.data() + (v == 1 ? 344 : 4), v == 1 ? "n+1" : "n+2", 4);
    dim({3, 4, 3, 2, 1, 1, 1, 1});
    for (std::size_t d = 0; d < 8; ++d) pixdim(d, 1);
    type(2, 8);
    vox_offset(static_cast<double>(bytes.size()));
    real(112, 176, 1);
    integer(v == 1 ? 123 : 500, 2);
  }
  template <typename T>
  void put(std::size_t at, T value) {
    auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
    if (swapped) std::reverse(raw.begin(), raw.end());
    std::memcpy(bytes.data() + at, raw.data(), raw.size());
  }
  void real(std::size_t at1, std::size_t at2, double value) {
    if (version == 1) {
      put(at1, static_cast<float>(value));
    } else {
      put(at2, value);
    }
  }
  void integer(std::size_t at, int value) {
    if (version == 1) {
      bytes[at] = static_cast<char>(value);
    } else {
      put<std::int32_t>(at, value);
    }
  }
  void dim(const std::array<std::int64_t, 8>& values) {
    for (std::size_t d = 0; d < 8; ++d) {
      if (version == 1) {
        put(40 + 2 * d, static_cast<std::int16_t>(values[d]));
      } else {
        put(16 + 8 * d, values[d]);
      }
    }
  }
  void pixdim(std::size_t d, double value) { real(76 + 4 * d, 104 + 8 * d, value); }
  void type(std::int16_t code, std::int16_t bits) {
    put(version == 1 ? 70 : 12, code);
    put(version == 1 ? 72 : 14, bits);
  }
  void vox_offset(double value) {
    if (version == 1) {
      put(108, static_cast<float>(value));
    } else {
      put(168, static_cast<std::int64_t>(value));
    }
  }
  void scaling(double slope, double intercept) {
    real(112, 176, slope);
    real(116, 184, intercept);
  }
  void codes(int qform, int sform) {
    if (version == 1) {
      put(252, static_cast<std::int16_t>(qform));
      put(254, static_cast<std::int16_t>(sform));
    } else {
      put<std::int32_t>(344, qform);
      put<std::int32_t>(348, sform);
    }
  }
  void quaternion(double b, double c, double d) {
    real(256, 352, b);
    real(260, 360, c);
    real(264, 368, d);
  }
  void offset(double x, double y, double z) {
    real(268, 376, x);
    real(272, 384, y);
    real(276, 392, z);
  }
  void srow(const std::array<std::array<double, 4>, 3>& rows) {
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 4; ++c) {
        real(280 + 16 * r + 4 * c, 400 + 32 * r + 8 * c, rows[r][c]);
      }
    }
  }
  template <typename T>
  void voxels(const std::vector<T>& values) {
    for (const T value : values) {
      bytes.resize(bytes.size() + sizeof(T));
      put(bytes.size() - sizeof(T), value);
    }
  }
};

/// A right 4 x 3 x 2 image of bytes 0 to 23.
inline Maker good(int version = 1, bool swapped = false) {
  Maker maker(version, swapped);
  std::vector<std::uint8_t> values(24);
  for (std::size_t i = 0; i < 24; ++i) values[i] = static_cast<std::uint8_t>(i);
  maker.voxels(values);
  return maker;
}

inline std::string error_of(const std::string& bytes, ErrorKind kind,
                            const NiftiOptions& options = {}) {
  const auto volume = parse_nifti(bytes, options);
  EXPECT_FALSE(volume);
  if (volume) return {};
  EXPECT_EQ(volume.error().kind, kind) << volume.error().text();
  return volume.error().what;
}

}  // namespace medperf::imaging
