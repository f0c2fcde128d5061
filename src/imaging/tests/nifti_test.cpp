#include "imaging/nifti.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/files.h"
#include "imaging/gzip.h"
#include "nifti_maker.h"

namespace medperf::imaging {
namespace {

template <typename T>
void check_type(std::int16_t code) {
  for (const int version : {1, 2}) {
    for (const bool swapped : {false, true}) {
      Maker maker(version, swapped);
      maker.type(code, 8 * sizeof(T));
      std::vector<T> values(24);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<T>(std::numeric_limits<T>::max() / 3 + static_cast<T>(i));
      }
      values[0] = std::numeric_limits<T>::lowest();
      values[1] = std::numeric_limits<T>::max();
      maker.voxels(values);
      for (const bool packed : {false, true}) {
        const auto volume = parse_nifti(packed ? gzip(maker.bytes) : maker.bytes);
        ASSERT_TRUE(volume) << volume.error().text();
        ASSERT_EQ(volume->type, ElementTypeOf<T>::value);
        const auto read = volume->template as<T>();
        EXPECT_TRUE(std::equal(read.begin(), read.end(), values.begin(), values.end()))
            << "code " << code << " version " << version << " swapped " << swapped;
        // ... and what we write of it is the same volume.
        const auto again = parse_nifti(write_nifti(*volume).value());
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(again->type, volume->type);
        EXPECT_TRUE(std::equal(read.begin(), read.end(), again->template as<T>().begin()));
        EXPECT_TRUE(compare(again->geometry, volume->geometry).empty());
      }
    }
  }
}

TEST(Nifti, EveryTypeInBothVersionsAndByteOrders) {
  check_type<std::uint8_t>(2);
  check_type<std::int16_t>(4);
  check_type<std::int32_t>(8);
  check_type<float>(16);
  check_type<double>(64);
  check_type<std::int8_t>(256);
  check_type<std::uint16_t>(512);
  check_type<std::uint32_t>(768);
  check_type<std::int64_t>(1024);
  check_type<std::uint64_t>(1280);
}

TEST(Nifti, OtherTypesAreRefusedByName) {
  for (const auto& [code, name] : {std::pair{1, "single bits"},
                                   {32, "complex"},
                                   {128, "colours"},
                                   {1536, "128-bit"},
                                   {1792, "complex"},
                                   {7, "unknown"}}) {
    Maker maker = good();
    maker.type(static_cast<std::int16_t>(code), 8);
    EXPECT_NE(error_of(maker.bytes, ErrorKind::kInvalid).find(name), std::string::npos) << code;
  }
}

TEST(Nifti, SformGivesTheGridInLps) {
  for (const int version : {1, 2}) {
    Maker maker = good(version);
    maker.codes(0, 2);
    // RAS: i runs to the left with 2 mm, j to anterior with 0.5 mm, k to superior with 3 mm.
    maker.srow({{{-2, 0, 0, 90}, {0, 0.5, 0, -126}, {0, 0, 3, -72}}});
    const auto volume = parse_nifti(maker.bytes);
    ASSERT_TRUE(volume) << volume.error().text();
    const Geometry& g = volume->geometry;
    EXPECT_EQ(g.dimensions, 3);
    EXPECT_EQ(g.size, (std::array<std::size_t, 3>{4, 3, 2}));
    EXPECT_EQ(g.spacing_mm, (Vector3{2, 0.5, 3}));
    EXPECT_EQ(g.origin_mm, (Vector3{-90, 126, -72}));
    EXPECT_EQ(g.axes[0], (Vector3{1, 0, 0}));  // to the left: LPS x
    EXPECT_EQ(g.axes[1], (Vector3{0, -1, 0}));
    EXPECT_EQ(g.axes[2], (Vector3{0, 0, 1}));
    EXPECT_FALSE(std::signbit(g.axes[0][1]));
    // pixdim says 1 mm everywhere: three remarks, and the sform is used.
    EXPECT_EQ(volume->remarks.size(), 3u);
  }
}

TEST(Nifti, QformGivesTheGridInLps) {
  Maker maker = good();
  maker.codes(1, 0);
  // A quarter turn about z: (x, y, z) -> (-y, x, z); a = d = sqrt(1/2).
  maker.quaternion(0, 0, std::sqrt(0.5));
  maker.pixdim(0, -1);  // k runs the other way
  maker.pixdim(1, 2);
  maker.pixdim(2, 3);
  maker.pixdim(3, 4);
  maker.offset(10, 20, 30);
  const auto volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume) << volume.error().text();
  EXPECT_TRUE(volume->remarks.empty());
  Geometry expected;
  expected.size = {4, 3, 2};
  expected.spacing_mm = {2, 3, 4};
  expected.origin_mm = {-10, -20, 30};
  expected.axes = {{{0, -1, 0}, {1, 0, 0}, {0, 0, -1}}};
  const auto apart = compare(volume->geometry, expected, 1e-6);
  EXPECT_TRUE(apart.empty()) << apart[0].text;
}

TEST(Nifti, TheSformIsPreferredAndADifferenceIsSaid) {
  Maker maker = good();
  maker.codes(1, 1);
  maker.srow({{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}});
  EXPECT_TRUE(parse_nifti(maker.bytes)->remarks.empty());
  maker.offset(0, 0, 5);
  auto volume = parse_nifti(maker.bytes);
  EXPECT_EQ(volume->geometry.origin_mm, (Vector3{0, 0, 0}));
  ASSERT_EQ(volume->remarks.size(), 1u);
  EXPECT_NE(volume->remarks[0].find("sform and qform differ"), std::string::npos);
  maker.quaternion(2, 0, 0);
  volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume);
  EXPECT_NE(volume->remarks.at(0).find("qform is unusable"), std::string::npos);
}

TEST(Nifti, WithoutOrientationPixdimIsUsedAndSaid) {
  Maker maker = good();
  maker.pixdim(3, 2.5);
  const auto volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->geometry.spacing_mm, (Vector3{1, 1, 2.5}));
  EXPECT_EQ(volume->geometry.axes[0], (Vector3{-1, 0, 0}));  // to the right
  EXPECT_EQ(volume->remarks.size(), 1u);
}

TEST(Nifti, UnitsBecomeMillimetres) {
  for (const auto& [code, factor] : {std::pair{0, 1.0}, {1, 1000.0}, {2, 1.0}, {3, 0.001}}) {
    for (const int version : {1, 2}) {
      Maker maker = good(version);
      maker.integer(version == 1 ? 123 : 500, code | 8);  // and seconds
      maker.codes(0, 1);
      maker.srow({{{1, 0, 0, 5}, {0, 1, 0, 0}, {0, 0, 1, 0}}});
      const auto volume = parse_nifti(maker.bytes);
      ASSERT_TRUE(volume);
      EXPECT_TRUE(volume->remarks.empty());
      EXPECT_DOUBLE_EQ(volume->geometry.spacing_mm[1], factor);
      EXPECT_DOUBLE_EQ(volume->geometry.origin_mm[0], -5 * factor);
    }
  }
  Maker maker = good();
  maker.integer(123, 4);
  EXPECT_EQ(error_of(maker.bytes, ErrorKind::kInvalid),
            "the unit of length has code 4 (1 m, 2 mm, 3 um)");
}

TEST(Nifti, TwoDimensions) {
  Maker maker;
  maker.dim({2, 6, 4, 0, 0, 0, 0, 0});
  maker.pixdim(3, 0);
  maker.codes(0, 1);
  maker.srow({{{0.5, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 0, 0}}});
  maker.voxels(std::vector<std::uint8_t>(24, 3));
  const auto volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume) << volume.error().text();
  EXPECT_EQ(volume->geometry.dimensions, 2);
  EXPECT_EQ(volume->geometry.size, (std::array<std::size_t, 3>{6, 4, 1}));
  EXPECT_EQ(volume->geometry.spacing_mm, (Vector3{0.5, 2, 1}));
}

TEST(Nifti, SeveralFramesAreRefusedUnlessOneIsAskedFor) {
  Maker maker;
  maker.dim({4, 2, 1, 1, 3, 1, 1, 1});
  maker.voxels(std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(error_of(maker.bytes, ErrorKind::kInvalid),
            "the image has 3 frames of three dimensions");
  for (std::uint64_t frame = 0; frame < 3; ++frame) {
    const auto volume = parse_nifti(gzip(maker.bytes), {.frame = frame});
    ASSERT_TRUE(volume);
    EXPECT_EQ(to_doubles(*volume),
              (std::vector<double>{1.0 + 2.0 * double(frame), 2.0 + 2.0 * double(frame)}));
  }
  error_of(maker.bytes, ErrorKind::kInvalid, {.frame = 3});
  Maker one = good();  // a fourth dimension of 1 is none
  one.dim({5, 4, 3, 2, 1, 1, 7, 7});
  EXPECT_TRUE(parse_nifti(one.bytes));
}

TEST(Nifti, SlopeAndInterceptGiveDoubles) {
  Maker maker;
  maker.dim({3, 3, 1, 1, 1, 1, 1, 1});
  maker.type(4, 16);
  maker.scaling(0.5, -1024);
  maker.voxels(std::vector<std::int16_t>{-2, 0, 2049});
  const auto volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->type, ElementType::kF64);
  EXPECT_EQ(to_doubles(*volume), (std::vector<double>{-1025, -1024, 0.5}));
  for (const double none : {0.0, std::nan("")}) {
    maker.scaling(none, 7);
    EXPECT_EQ(to_doubles(parse_nifti(maker.bytes).value()), (std::vector<double>{-2, 0, 2049}));
  }
  maker.scaling(2, std::nan(""));
  error_of(maker.bytes, ErrorKind::kInvalid);
  maker.scaling(2, 10);
  const auto labels = parse_nifti_labels(maker.bytes);
  EXPECT_EQ(labels->type, ElementType::kU16);
  EXPECT_EQ(to_doubles(*labels), (std::vector<double>{6, 10, 4108}));
}

TEST(Nifti, ExtensionsArePassedOver) {
  Maker maker;
  maker.bytes.resize(352 + 32, 'x');
  maker.vox_offset(384);
  maker.voxels(std::vector<std::uint8_t>(24, 9));
  const auto volume = parse_nifti(maker.bytes);
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->as<std::uint8_t>()[0], 9);
  Maker unset = good();
  unset.vox_offset(0);
  EXPECT_TRUE(parse_nifti(unset.bytes));
}

class NiftiFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("nifti_test." + std::to_string(::getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  fs::path folder_;
};

TEST_F(NiftiFiles, SinglesAndPairs) {
  const std::string bytes = good().bytes;
  EXPECT_TRUE(read_nifti(write("a.nii", bytes)));
  EXPECT_TRUE(read_nifti(write("a.nii.gz", gzip(bytes))));
  Maker pair = good();
  pair.bytes[345] = 'i';
  pair.vox_offset(0);
  const fs::path header = write("b.hdr", pair.bytes.substr(0, 348));
  EXPECT_FALSE(read_nifti(header));  // no .img yet
  const fs::path image = write("b.img", pair.bytes.substr(352));
  for (const fs::path& path : {header, image}) {
    const auto volume = read_nifti_labels(path);
    ASSERT_TRUE(volume) << volume.error().text();
    EXPECT_EQ(volume->as<std::uint8_t>()[5], 5);
  }
  write("c.hdr.gz", gzip(pair.bytes.substr(0, 348)));
  EXPECT_TRUE(read_nifti(write("c.img.gz", gzip(pair.bytes.substr(352)))));
  const auto missing = read_nifti(folder_ / "none.nii");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  const auto broken = read_nifti(write("d.nii", "hello"));
  EXPECT_NE(broken.error().where.find("d.nii"), std::string::npos);
}

TEST(NiftiWriting, EveryOrientationComesBack) {
  // The 48 ways in which three axes can lie along those of the patient, and an oblique one.
  std::vector<std::array<Vector3, 3>> all;
  for (const auto& order : {std::array{0, 1, 2}, std::array{0, 2, 1}, std::array{1, 0, 2},
                            std::array{1, 2, 0}, std::array{2, 0, 1}, std::array{2, 1, 0}}) {
    for (int signs = 0; signs < 8; ++signs) {
      std::array<Vector3, 3> axes{};
      for (std::size_t a = 0; a < 3; ++a) {
        axes[a][static_cast<std::size_t>(order[a])] = (signs >> a & 1) != 0 ? -1 : 1;
      }
      all.push_back(axes);
    }
  }
  all.push_back({{{0.36, 0.48, -0.8}, {-0.8, 0.6, 0}, {0.48, 0.64, 0.6}}});
  for (const auto& axes : all) {
    Geometry g;
    g.size = {2, 3, 4};
    g.spacing_mm = {0.8, 1.5, 3};
    g.origin_mm = {12.5, -7, 100};
    g.axes = axes;
    std::string bytes = write_nifti(make_volume(g, ElementType::kU8), NiftiPacking::kNone).value();
    const auto by_sform = parse_nifti(bytes);
    ASSERT_TRUE(by_sform);
    EXPECT_TRUE(by_sform->remarks.empty()) << by_sform->remarks[0];
    EXPECT_TRUE(compare(by_sform->geometry, g, 1e-6).empty());
    bytes[254] = 0;  // without its sform
    const auto by_qform = parse_nifti(bytes);
    ASSERT_TRUE(by_qform);
    const auto apart = compare(by_qform->geometry, g, 1e-6);
    EXPECT_TRUE(apart.empty()) << apart[0].text;
  }
}

TEST(NiftiWriting, TheSameBytesEachTime) {
  const auto volume = parse_nifti(good().bytes).value();
  EXPECT_EQ(write_nifti(volume).value(), write_nifti(volume).value());
  const std::string packed = write_nifti(volume).value();
  EXPECT_EQ(packed.substr(4, 4), std::string(4, '\0'));  // no time
  EXPECT_EQ(packed[3], '\0');                            // no name
}

TEST(NiftiWriting, WhatVersion1CannotHoldIsRefused) {
  Geometry g;
  g.size = {40000, 1, 1};
  EXPECT_FALSE(write_nifti(make_volume(g, ElementType::kU8)));
}

}  // namespace
}  // namespace medperf::imaging
