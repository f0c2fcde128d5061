// Files of pydicom, highdicom and DCMTK's own tools: oracle/make_dicom.py, whose formulas are
// repeated here.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/files.h"
#include "imaging/dicom.h"
#include "imaging/dicom_scan.h"

namespace medperf::imaging {
namespace {

const fs::path kFolder = MEDPERF_SOURCE_DIR "/src/imaging/tests/oracle/dicom";
constexpr std::size_t kColumns = 12;
constexpr std::size_t kRows = 10;
constexpr std::size_t kSlices = 5;

DicomImage read(const std::string& name) {
  auto image = read_dicom(kFolder / name);
  if (!image) throw std::runtime_error(image.error().text() + image.error().cause);
  return std::move(image).value();
}

double stored(std::size_t i, std::size_t j, std::size_t k) {
  return static_cast<double>(10 * i + 3 * j + 100 * k);
}

/// Compares every voxel with f(i, j, k).
template <typename F>
void expect_voxels(const Volume& volume, F&& f) {
  const auto values = to_doubles(volume);
  const auto& size = volume.geometry.size;
  int wrong = 0;
  for (std::size_t at = 0; at < values.size(); ++at) {
    const std::size_t i = at % size[0];
    const std::size_t j = at / size[0] % size[1];
    const std::size_t k = at / size[0] / size[1];
    wrong += values[at] != static_cast<double>(f(i, j, k)) ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0);
}

Geometry ct_grid() {
  Geometry g;
  g.size = {kColumns, kRows, kSlices};
  g.spacing_mm = {0.7, 0.8, 3};
  g.origin_mm = {-30.5, 12.25, 40};
  return g;
}

TEST(DicomOracle, EveryPackingGivesTheSamePixels) {
  for (const std::string name :
       {"ct_explicit.dcm", "ct_implicit.dcm", "ct_big_endian.dcm", "ct_undefined_lengths.dcm",
        "ct_rle.dcm", "ct_jpeg_lossless.dcm", "ct_jpeg_ls.dcm"}) {
    SCOPED_TRACE(name);
    const DicomImage image = read(name);
    EXPECT_FALSE(image.lossy);
    const auto volume = series_to_volume({&image, 1});
    ASSERT_TRUE(volume) << volume.error().text();
    Geometry expected = ct_grid();
    expected.size[2] = 1;
    expected.origin_mm[2] = 46;
    EXPECT_TRUE(compare(volume->geometry, expected, 1e-12).empty());
    expect_voxels(*volume, [](auto i, auto j, auto) { return stored(i, j, 2) - 1000; });
  }
}

/// The file with these bytes in the place of the JPEG image's first: its start and a segment.
Result<std::string> scan_with(std::string_view begin) {
  std::string bytes = read_file(kFolder / "ct_jpeg_lossless.dcm", mebibytes(1)).value();
  const std::size_t at = bytes.find("\xff\xd8\xff\xe0");
  EXPECT_NE(at, std::string::npos);
  return scan_dicom(bytes.replace(at, begin.size(), begin));
}

// DCMTK's search for the frame header takes no step at the marker TEM; the file in which the fuzzer
// found that is a seed of fuzz_dicom.
TEST(DicomOracle, JpegDataThatHoldUpDcmtkAreRefused) {
  EXPECT_TRUE(scan_with("\xff\xd8"));
  using namespace std::string_view_literals;
  for (const std::string_view begin :
       {"\xff\x01"sv, "\xff\xd8\xff\x01"sv, "\xff\xff\xff\x01"sv, "\xff\xd0\xff\x01"sv,
        "\xff\x30\xff\x01"sv, "\xff\xd9\xff\x01"sv, "\xff\xd8\xff\xe0\x00\x02\xff\x01"sv,
        "\xff\xc4\x00\x03\x00\xff\x01"sv, "\xff\xda\x00\x02\xff\x01"sv}) {
    const auto scanned = scan_with(begin);
    ASSERT_FALSE(scanned);
    EXPECT_EQ(scanned.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(scanned.error().what.find("marker"), std::string::npos);
  }
  // Not where the search has ended: behind a frame header, or behind what is no marker.
  for (const std::string_view begin :
       {"\xff\xc3\xff\x01"sv, "\x00\x00\xff\x01"sv, "\xff\x00\xff\x01"sv, "\xff\x02\xff\x01"sv}) {
    EXPECT_TRUE(scan_with(begin));
  }
}

TEST(DicomOracle, EnhancedMultiFrame) {
  const DicomImage image = read("enhanced_mr.dcm");
  ASSERT_EQ(image.frames.size(), kSlices);
  const auto volume = series_to_volume({&image, 1});
  ASSERT_TRUE(volume) << volume.error().text();
  Geometry expected;
  expected.size = {kColumns, kRows, kSlices};
  expected.spacing_mm = {1.25, 1.5, 4};
  expected.origin_mm = {50, -20, 60};
  expected.axes = {{{0, 1, 0}, {0, 0, -1}, {-1, 0, 0}}};
  const auto apart = compare(volume->geometry, expected, 1e-12);
  EXPECT_TRUE(apart.empty()) << apart[0].text;
  expect_voxels(*volume, [](auto i, auto j, auto k) {
    return 0.5 * static_cast<double>(k + 1) * stored(i, j, k) + 2;
  });
}

bool first(std::size_t i, std::size_t j, std::size_t k) {
  return i + j < 7 && k >= 1 && k <= 3;
}
bool second(std::size_t i, std::size_t, std::size_t k) {
  return i > 8 && (k == 1 || k == 4);
}

SegmentationGrid own_grid(const DicomImage& image) {
  const DicomImage* const one = &image;
  return segmentation_grid({&one, 1}).value();
}

TEST(DicomOracle, SegmentationOnTheGridOfItsSeries) {
  const DicomImage image = read("seg.dcm");
  EXPECT_TRUE(image.segmentation);
  EXPECT_EQ(image.frames.size(), 5u);  // the empty ones are left out of the file
  ASSERT_EQ(image.segments.size(), 2u);
  EXPECT_EQ(image.segments[1].label, "part 2");
  const auto labels = segmentation_to_labels(image, ct_grid());
  ASSERT_TRUE(labels) << labels.error().text();
  EXPECT_EQ(labels->type, ElementType::kU8);
  EXPECT_TRUE(compare(labels->geometry, ct_grid(), 0).empty());
  expect_voxels(*labels, [](auto i, auto j, auto k) {
    return first(i, j, k) ? 1 : second(i, j, k) ? 2 : 0;
  });
  // Its own grid begins at the first slice that has something.
  const auto alone = segmentation_to_labels(image, own_grid(image).geometry);
  ASSERT_TRUE(alone) << alone.error().text();
  Geometry own = ct_grid();
  own.size[2] = 4;
  own.origin_mm[2] = 43;
  EXPECT_TRUE(compare(alone->geometry, own, 1e-12).empty());
  expect_voxels(*alone, [](auto i, auto j, auto k) {
    return first(i, j, k + 1) ? 1 : second(i, j, k + 1) ? 2 : 0;
  });
  // A grid that runs the other way takes the same frames.
  Geometry reversed = ct_grid();
  reversed.axes[2] = {0, 0, -1};
  reversed.origin_mm[2] = 52;
  const auto turned = segmentation_to_labels(image, reversed);
  ASSERT_TRUE(turned) << turned.error().text();
  expect_voxels(*turned, [](auto i, auto j, auto k) {
    return first(i, j, 4 - k) ? 1 : second(i, j, 4 - k) ? 2 : 0;
  });
}

TEST(DicomOracle, OverlappingSegmentsAreNoLabelMapUnlessSetsHaveLabels) {
  const DicomImage image = read("seg_overlap.dcm");
  const auto labels = segmentation_to_labels(image, ct_grid());
  ASSERT_FALSE(labels);
  EXPECT_EQ(labels.error().what,
            "segments 1 (part 1) and 2 (part 2) share voxels: this is no label map");
  const auto also_second = [](auto i, auto j, auto k) {
    return second(i, j, k) || (i + j < 3 && k == 2);
  };
  for (const std::int32_t free : {3, 255, 256, 65536}) {  // of the labels of sets
    SCOPED_TRACE(free);
    SegmentSets sets(free);
    const auto both = segmentation_to_labels(image, ct_grid(), &sets);
    ASSERT_TRUE(both) << both.error().text();
    EXPECT_EQ(both->type, free < 256     ? ElementType::kU8
                          : free < 65536 ? ElementType::kU16
                                         : ElementType::kI32);
    expect_voxels(*both, [&](auto i, auto j, auto k) {
      const bool a = first(i, j, k);
      const bool b = also_second(i, j, k);
      return a && b ? free : a ? 1 : b ? 2 : 0;
    });
    EXPECT_EQ(sets.region_of(std::array{1}), (std::vector<std::int32_t>{1, free}));
    EXPECT_EQ(sets.region_of(std::array{2, free + 5}), (std::vector<std::int32_t>{2, free}));
    EXPECT_EQ(sets.region_of(std::array{free}), (std::vector<std::int32_t>{free + 1}))
        << "a label that no map has";
  }
}

TEST(DicomOracle, PositionsDecideHowFarSlicesAreApart) {
  DicomImage image = read("seg.dcm");
  const auto step_with = [&](std::optional<double> between, std::optional<double> thickness) {
    for (DicomFrame& frame : image.frames) {
      frame.between_slices_mm = between;
      frame.thickness_mm = thickness;
    }
    const DicomImage* const one = &image;
    return segmentation_grid({&one, 1});
  };
  for (const auto& thickness : {std::optional(1.5), std::optional(1.25), std::optional(40.0)}) {
    const auto grid = step_with(std::nullopt, thickness);
    ASSERT_TRUE(grid) << grid.error().text();
    EXPECT_DOUBLE_EQ(grid->geometry.spacing_mm[2], 3);
    ASSERT_EQ(grid->remarks.size(), 1u);
    EXPECT_NE(grid->remarks[0].find("SliceThickness"), std::string::npos);
  }
  EXPECT_TRUE(step_with(std::nullopt, 3)->remarks.empty());
  EXPECT_EQ(step_with(1.5, 3)->geometry.size[2], 7u) << "every second slice";
  for (const double wrong : {2.0, 6.0, 100.0}) {
    const auto refused = step_with(wrong, 3);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().what.find("SpacingBetweenSlices"), std::string::npos);
  }
  const auto move = [&](std::initializer_list<double> places) {
    auto place = places.begin();
    for (DicomFrame& frame : image.frames) frame.position_mm[2] = *place++;
    return step_with(std::nullopt, std::nullopt);
  };
  EXPECT_DOUBLE_EQ(move({0, 2, 5, 5, 9})->geometry.spacing_mm[2], 1) << "Euclid's";
  EXPECT_NE(move({0, 2, 5.13, 7, 9}).error().what.find("unevenly"), std::string::npos);
  EXPECT_TRUE(move({0, 3, 6, 6, 15}));
  EXPECT_EQ(step_with(std::nullopt, 1.5)->geometry.spacing_mm[2], 3);
  EXPECT_TRUE(move({0, 0, 0, 30, 30}));
  EXPECT_EQ(step_with(std::nullopt, 25)->geometry.spacing_mm[2], 30);
  EXPECT_EQ(step_with(3, 3)->geometry.size[2], 11u);
  EXPECT_NE(step_with(std::nullopt, 3).error().what.find("between them"), std::string::npos);
  const auto lone = move({4, 4, 4, 4, 4});
  EXPECT_FALSE(lone) << "no distance at all";
  const auto single = step_with(std::nullopt, 2.5);
  ASSERT_TRUE(single);
  EXPECT_EQ(single->geometry.spacing_mm[2], 2.5);
  EXPECT_EQ(single->remarks.size(), 1u);
}

TEST(DicomOracle, AGridGrowsForFramesOutsideOfIt) {
  const DicomImage image = read("seg.dcm");  // slices 1 to 4
  Geometry grid = ct_grid();
  EXPECT_TRUE(compare(grid_with_frames(grid, image).value(), grid, 0).empty());
  grid.size[2] = 2;
  grid.origin_mm[2] = 46;  // slices 2 and 3
  const auto longer = grid_with_frames(grid, image);
  ASSERT_TRUE(longer) << longer.error().text();
  EXPECT_EQ(longer->size[2], 4u);
  EXPECT_DOUBLE_EQ(longer->origin_mm[2], 43);
  EXPECT_FALSE(segmentation_to_labels(image, grid));
  EXPECT_TRUE(segmentation_to_labels(image, *longer));
  EXPECT_EQ(grid_with_frames(grid, image, Bytes{100}).error().kind, ErrorKind::kTooLarge);
}

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(DicomOracle, WhatLiesBetweenFarFramesIsNoMemory) {
  DicomImage image = read("seg.dcm");
  image.frames.back().position_mm[2] = 43 + 3 * 4e6;  // 480 million voxels
  const long before = peak_kib();
  const auto labels = segmentation_to_labels(image, own_grid(image).geometry);
  ASSERT_TRUE(labels) << labels.error().text();
  EXPECT_EQ(labels->geometry.size[2], 4'000'001u);
  EXPECT_LT(peak_kib() - before, 200'000);
}

// The item of an icon in these files announces 2 GB of pixels, packed as those of the image are.
TEST(DicomOracle, PixelsOfAnIconAreNotUnpacked) {
  for (const std::string packing : {"rle", "jpeg", "ls"}) {
    SCOPED_TRACE(packing);
    const auto image =
        read_dicom(fs::path(MEDPERF_SOURCE_DIR "/src/imaging/fuzz/corpus/fuzz_dicom") /
                   ("icon_" + packing + ".dcm"));
    ASSERT_TRUE(image) << image.error().text();
    const auto volume = series_to_volume({&*image, 1});
    ASSERT_TRUE(volume) << volume.error().text();
    expect_voxels(*volume, [](auto i, auto j, auto) { return stored(i, j, 2) - 1000; });
  }
}

TEST(DicomOracle, FramesBesideTheGridAreRefused) {
  DicomImage image = read("seg.dcm");
  const auto error_with = [&](const Geometry& grid) {
    const auto labels = segmentation_to_labels(image, grid);
    EXPECT_FALSE(labels);
    return labels ? std::string() : labels.error().what;
  };
  Geometry grid = ct_grid();
  grid.origin_mm[2] += 1;
  EXPECT_NE(error_with(grid).find("beside"), std::string::npos);
  grid = ct_grid();
  grid.origin_mm[0] += 0.7;
  EXPECT_NE(error_with(grid).find("beside"), std::string::npos);
  grid = ct_grid();
  grid.size[2] = 3;
  EXPECT_NE(error_with(grid).find("outside"), std::string::npos);
  grid = ct_grid();
  grid.size[0] = 11;
  EXPECT_NE(error_with(grid).find("pixels"), std::string::npos);
  grid = ct_grid();
  grid.spacing_mm[0] = 0.75;
  EXPECT_NE(error_with(grid).find("spacing"), std::string::npos);

  for (const double far : {5e8, 5e9, 1e300}) {
    image.frames[0].position_mm[2] = 43 + 3 * far;  // a few bytes that ask for gigabytes
    const DicomImage* const one = &image;
    EXPECT_EQ(segmentation_grid({&one, 1}).error().kind, ErrorKind::kTooLarge) << far;
  }
  image.segments.clear();
  EXPECT_FALSE(segmentation_to_labels(read("ct_explicit.dcm"), ct_grid()));
  EXPECT_FALSE(series_to_volume({&image, 1}));  // a segmentation is no series
}

}  // namespace
}  // namespace medperf::imaging
