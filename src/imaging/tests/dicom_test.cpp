#include "imaging/dicom.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/files.h"
#include "dicom_maker.h"
#include "imaging/dicom_scan.h"

namespace medperf::imaging {
namespace {

using Encoding = DicomMaker::Encoding;

std::string error_of(const Result<Volume>& volume) {
  EXPECT_FALSE(volume);
  return volume ? std::string() : volume.error().what;
}

DicomImage parsed(const DicomMaker& maker, Encoding encoding = Encoding::kExplicit) {
  auto image = parse_dicom(maker.file(encoding));
  if (!image) throw std::runtime_error(image.error().text() + image.error().cause);
  return std::move(image).value();
}

Result<Volume> volume_of(const std::vector<DicomMaker>& makers) {
  std::vector<DicomImage> images;
  for (const DicomMaker& maker : makers) images.push_back(parsed(maker));
  return series_to_volume(images);
}

TEST(Dicom, ASliceInEachEncoding) {
  for (const Encoding encoding : {Encoding::kExplicit, Encoding::kImplicit, Encoding::kBigEndian}) {
    const DicomImage image = parsed(ct_slice(30, 100), encoding);
    EXPECT_EQ(image.columns, 3u);
    EXPECT_EQ(image.rows, 2u);
    EXPECT_EQ(image.type, ElementType::kU16);
    EXPECT_EQ(image.series_uid, "1.2.3.4.6");
    ASSERT_EQ(image.frames.size(), 1u);
    EXPECT_EQ(image.frames[0].position_mm, (Vector3{-10, 20, 30}));
    EXPECT_EQ(image.frames[0].spacing_i_mm, 0.5);
    EXPECT_EQ(image.frames[0].spacing_j_mm, 0.75);
    EXPECT_EQ(image.frames[0].intercept, -1024);
    ASSERT_EQ(image.pixels.size(), 12u);
    EXPECT_EQ(image.pixels.data()[10], 105);
    EXPECT_EQ(image.pixels.data()[11], 0);
  }
}

TEST(Dicom, SignsAndUnusedBits) {
  DicomMaker maker = ct_slice(0);
  maker.number(0x00280103, 1);
  maker.drop(0x00281052);
  // 12 bits, signed: 0xfff is -1; the four bits above are an overlay of older machines.
  maker.bytes(0x7fe00010, "OW", words({0x0fff, 0x0800, 0x07ff, 0xf001, 0, 1}), 2);
  const auto volume = volume_of({maker});
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->type, ElementType::kI16);
  EXPECT_EQ(to_doubles(*volume), (std::vector<double>{-1, -2048, 2047, 1, 0, 1}));
}

TEST(DicomSeries, SortedAlongTheNormalWithItsGeometry) {
  const auto volume = volume_of({ct_slice(7.5, 10), ct_slice(2.5, 0), ct_slice(5, 20)});
  ASSERT_TRUE(volume) << volume.error().text();
  const Geometry& g = volume->geometry;
  EXPECT_EQ(g.size, (std::array<std::size_t, 3>{3, 2, 3}));
  EXPECT_EQ(g.spacing_mm, (Vector3{0.5, 0.75, 2.5}));
  EXPECT_EQ(g.origin_mm, (Vector3{-10, 20, 2.5}));
  EXPECT_EQ(g.axes[2], (Vector3{0, 0, 1}));
  EXPECT_EQ(volume->type, ElementType::kI16);
  const auto values = to_doubles(*volume);
  EXPECT_EQ(values[0], -1024);
  EXPECT_EQ(values[6], -1004);
  EXPECT_EQ(values[17], -1009);
}

TEST(DicomSeries, SagittalAndTurnedPlanes) {
  std::vector<DicomMaker> makers;
  for (int k = 0; k < 3; ++k) {
    DicomMaker maker = ct_slice(0, k);
    maker.text(0x00200037, "DS", "0\\1\\0\\0\\0\\-1");
    maker.text(0x00200032, "DS", std::to_string(-3 * k) + "\\5\\6");
    makers.push_back(maker);
  }
  const auto volume = volume_of(makers);
  ASSERT_TRUE(volume) << volume.error().text();
  // The normal is (0, 1, 0) x (0, 0, -1) = (-1, 0, 0): the volume starts at x = 0.
  EXPECT_EQ(volume->geometry.axes[2], (Vector3{-1, 0, 0}));
  EXPECT_EQ(volume->geometry.origin_mm, (Vector3{0, 5, 6}));
  EXPECT_EQ(volume->geometry.spacing_mm[2], 3);
  EXPECT_EQ(to_doubles(*volume)[12], -1022);
}

TEST(DicomSeries, WhatIsNoEvenStackIsSaid) {
  EXPECT_EQ(error_of(volume_of({ct_slice(0), ct_slice(1), ct_slice(2), ct_slice(4), ct_slice(5)})),
            "1 of the slices is missing between slices 3 and 4");
  EXPECT_EQ(error_of(volume_of({ct_slice(0), ct_slice(1), ct_slice(4), ct_slice(5)})),
            "2 of the slices are missing between slices 2 and 3");
  EXPECT_EQ(error_of(volume_of({ct_slice(0), ct_slice(1), ct_slice(2), ct_slice(3.4)})),
            "the slices are unevenly spaced: 1.4 mm between slices 3 and 4, 1 mm elsewhere");
  EXPECT_EQ(error_of(volume_of({ct_slice(0), ct_slice(1), ct_slice(1, 6), ct_slice(2)})),
            "slices 2 and 3 lie at the same place");
  EXPECT_TRUE(volume_of({ct_slice(0), ct_slice(1.004), ct_slice(2)}));  // rounded positions
}

TEST(DicomSeries, WhatDoesNotBelongTogetherIsSaid) {
  DicomMaker other = ct_slice(1);
  other.text(0x0020000e, "UI", "1.2.9");
  EXPECT_EQ(error_of(volume_of({ct_slice(0), other})), "the files belong to 2 series");
  other = ct_slice(1);
  other.text(0x00200037, "DS", "1\\0\\0\\0\\0\\1");
  EXPECT_EQ(error_of(volume_of({ct_slice(0), other})), "the images have different orientations");
  other = ct_slice(1);
  other.text(0x00280030, "DS", "0.75\\0.6");
  EXPECT_NE(error_of(volume_of({ct_slice(0), other})).find("spacings"), std::string::npos);
  other = ct_slice(1);
  other.number(0x00280010, 3).number(0x00280011, 2);
  EXPECT_NE(error_of(volume_of({ct_slice(0), other})).find("sizes"), std::string::npos);
  other = ct_slice(1);
  other.text(0x00200052, "UI", "1.2.9");
  EXPECT_NE(error_of(volume_of({ct_slice(0), other})).find("frames of reference"),
            std::string::npos);
  EXPECT_EQ(error_of(series_to_volume({})), "there is no image");
  std::vector<DicomMaker> tilted{ct_slice(0), ct_slice(1), ct_slice(2)};
  for (int k = 0; k < 3; ++k) {
    tilted[static_cast<std::size_t>(k)].text(
        0x00200032, "DS", "-10\\" + std::to_string(20 + 0.2 * k) + "\\" + std::to_string(k));
  }
  EXPECT_NE(error_of(volume_of(tilted)).find("sheared"), std::string::npos);
}

TEST(DicomSeries, ASingleSliceSaysWhereItsSpacingIsFrom) {
  const auto volume = volume_of({ct_slice(4)});
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->geometry.spacing_mm[2], 2.5);
  ASSERT_EQ(volume->remarks.size(), 1u);
  EXPECT_NE(volume->remarks[0].find("SliceThickness"), std::string::npos);
  EXPECT_FALSE(volume_of({ct_slice(4).drop(0x00180050)}));
}

TEST(DicomSeries, RescalingByTheType) {
  // Bare: as stored.
  EXPECT_EQ(volume_of({ct_slice(0).drop(0x00281052)})->type, ElementType::kU16);
  // A whole intercept beyond 16 bits.
  EXPECT_EQ(volume_of({ct_slice(0).text(0x00281052, "DS", "70000")})->type, ElementType::kI32);
  // Each slice its own slope, as in PET.
  const auto volume = volume_of(
      {ct_slice(0, 1).text(0x00281053, "DS", "0.5"), ct_slice(1, 1).text(0x00281053, "DS", "2")});
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->type, ElementType::kF64);
  const auto values = to_doubles(*volume);
  EXPECT_EQ(values[1], -1023);
  EXPECT_EQ(values[7], -1020);
  EXPECT_FALSE(parse_dicom(ct_slice(0).text(0x00281053, "DS", "0").file()));
}

TEST(Dicom, WhatAnImageMustState) {
  for (const auto& [tag, word] : {std::pair{0x00200032u, "position"},
                                  {0x00200037u, "orientation"},
                                  {0x00280030u, "spacing"},
                                  {0x7fe00010u, "no pixels"},
                                  {0x00280010u, "no rows"},
                                  {0x00280004u, "grey"}}) {
    const auto image = parse_dicom(ct_slice(0).drop(tag).file());
    ASSERT_FALSE(image) << word;
    EXPECT_NE(image.error().what.find(word), std::string::npos) << image.error().what;
  }
  DicomMaker maker = ct_slice(0);
  maker.number(0x00280010, 400);
  const auto cut = parse_dicom(maker.file());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().what, "the file announces 2400 bytes of pixels, 12 are there");
  maker.number(0x00280010, 65535).number(0x00280011, 65535).text(0x00280008, "IS", "1");
  EXPECT_EQ(parse_dicom(maker.file(), {.pixels = mebibytes(100)}).error().kind,
            ErrorKind::kTooLarge);
  EXPECT_FALSE(parse_dicom(ct_slice(0).text(0x00280008, "IS", "-3").file()));
  EXPECT_FALSE(parse_dicom(ct_slice(0).text(0x00280008, "IS", "2").file()));
}

TEST(DicomScan, DamageIsFoundBeforeTheLibraryReads) {
  const std::string bytes = ct_slice(0).file();
  EXPECT_TRUE(scan_dicom(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto image = parse_dicom(bytes.substr(0, size));  // may end between two elements
    EXPECT_FALSE(image) << size;
  }
  EXPECT_FALSE(scan_dicom(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(scan_dicom(bytes + "x"));
  std::string huge = bytes;  // the length of the pixels
  huge.replace(huge.size() - 16, 4, "\xfe\xff\xff\xff");
  EXPECT_EQ(scan_dicom(huge).error().kind, ErrorKind::kCorrupt);
  huge.replace(huge.size() - 16, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(scan_dicom(huge).error().kind, ErrorKind::kCorrupt);
}

TEST(DicomScan, NestingAndNumberHaveLimits) {
  for (const Encoding encoding : {Encoding::kExplicit, Encoding::kImplicit}) {
    DicomMaker inner;
    inner.text(0x00080100, "SH", "x");
    for (int depth = 0; depth < 100; ++depth) {
      DicomMaker outer;
      outer.sequence(0x00081140, {inner});
      inner = outer;
    }
    DicomMaker maker = ct_slice(0);
    maker.sequence(0x00081140, {inner});
    EXPECT_EQ(scan_dicom(maker.file(encoding)).error().kind, ErrorKind::kTooLarge);
  }
  EXPECT_EQ(scan_dicom(ct_slice(0).file(), {.elements = 10}).error().kind, ErrorKind::kTooLarge);
}

constexpr std::size_t kMetaLength = 140;  // the value of the first element

/// The file with another length of its meta information.
std::string with_meta_length(std::string file, int change) {
  file[kMetaLength] = static_cast<char>(file[kMetaLength] + change);
  return file;
}

// DCMTK counts bytes: with a longer one it read data elements of big-endian files in little-endian,
// and took gigabytes for a value of few bytes.
TEST(DicomScan, MetaInformationEndsWhereItStates) {
  for (const Encoding encoding : {Encoding::kExplicit, Encoding::kImplicit, Encoding::kBigEndian}) {
    const std::string file = ct_slice(0).file(encoding);
    EXPECT_TRUE(scan_dicom(with_meta_length(file, 0)));
    for (const int change : {-8, -1, 1, 8, 16}) {
      const auto scanned = scan_dicom(with_meta_length(file, change));
      ASSERT_FALSE(scanned) << change;
      EXPECT_NE(scanned.error().what.find("as long as"), std::string::npos) << scanned.error().what;
    }
    std::string text = file;
    text[136] = 'S';  // "SL"
    EXPECT_FALSE(scan_dicom(text));
    // Without its length, it ends with its group.
    const std::string bare = file.substr(0, 132) + file.substr(144);
    EXPECT_TRUE(scan_dicom(bare));
  }
}

TEST(DicomScan, MetaInformationHasOneByteOrder) {
  DicomMaker maker = ct_slice(0);
  maker.text(0x00020100, "UI", "1.2");
  const std::string file = maker.file(Encoding::kBigEndian);
  EXPECT_TRUE(scan_dicom(file));  // its length says where the meta information ends
  EXPECT_FALSE(scan_dicom(file.substr(0, 132) + file.substr(144)));
}

// Which of the two a library takes would be its secret.
TEST(DicomScan, OneTransferSyntaxIsStated) {
  std::string file = ct_slice(0).file();
  DicomMaker again;
  again.text(0x00020010, "UI", "1.2.840.10008.1.2.4.70");
  const std::string element = again.data_set(Encoding::kExplicit);
  const std::size_t first = file.find(element.substr(0, 6));
  ASSERT_NE(first, std::string::npos);
  file.insert(first, element);
  file = with_meta_length(std::move(file), static_cast<int>(element.size()));
  const auto scanned = scan_dicom(file);
  ASSERT_FALSE(scanned);
  EXPECT_NE(scanned.error().what.find("twice"), std::string::npos) << scanned.error().what;
}

TEST(DicomScan, OtherPackingsAreRefusedByName) {
  const auto what = [](const std::string& syntax) {
    const auto scanned = scan_dicom(ct_slice(0).file(Encoding::kExplicit, syntax));
    EXPECT_EQ(scanned.error().kind, ErrorKind::kInvalid);
    return scanned.error().what;
  };
  EXPECT_NE(what("1.2.840.10008.1.2.4.90").find("JPEG 2000"), std::string::npos);
  EXPECT_NE(what("1.2.840.10008.1.2.1.99").find("deflated"), std::string::npos);
  EXPECT_NE(what("1.2.840.10008.1.2.4.103").find("video"), std::string::npos);
  EXPECT_EQ(scan_dicom("hello").error().kind, ErrorKind::kCorrupt);
}

TEST(DicomSeries, AFolder) {
  const fs::path folder = fs::temp_directory_path() / ("dicom_test." + std::to_string(::getpid()));
  fs::create_directory(folder);
  const auto write = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  write("b.dcm", ct_slice(1, 6).file());
  write("a.dcm", ct_slice(2, 12).file(Encoding::kImplicit));
  write("DICOMDIR", "no image");
  const auto volume = read_dicom_series(folder);
  ASSERT_TRUE(volume) << volume.error().text();
  EXPECT_EQ(volume->geometry.size[2], 2u);
  EXPECT_TRUE(volume->remarks.empty());
  write(".DS_Store", "left behind");
  const auto with_hidden = read_dicom_series(folder);
  ASSERT_TRUE(with_hidden) << with_hidden.error().text();
  ASSERT_EQ(with_hidden->remarks.size(), 1u);
  EXPECT_NE(with_hidden->remarks[0].find(".DS_Store"), std::string::npos);
  fs::rename(folder / "b.dcm", folder / ".store");
  fs::create_symlink(".store", folder / "b.dcm");
  EXPECT_EQ(read_dicom_series(folder).error().kind, ErrorKind::kRefused);
  EXPECT_TRUE(read_dicom_series(folder, {}, Links::kFollow));
  write("c.dcm", "hello");
  fs::remove(folder / "b.dcm");
  const auto broken = read_dicom_series(folder);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().where.find("c.dcm"), std::string::npos);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace medperf::imaging
