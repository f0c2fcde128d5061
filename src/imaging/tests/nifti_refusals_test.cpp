// Hostile, damaged and cut files: an error that says what is wrong, before memory is taken.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/files.h"
#include "imaging/gzip.h"
#include "nifti_maker.h"

namespace medperf::imaging {
namespace {

TEST(Nifti, HostileHeadersAreErrors) {
  using Change = std::function<void(Maker&)>;
  const double inf = std::numeric_limits<double>::infinity();
  struct Case {
    const char* name;
    ErrorKind kind;
    Change change;
  };
  const std::vector<Case> cases{
      {"no dimensions", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({0, 4, 3, 2});
       }},
      {"one dimension", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({1, 24});
       }},
      {"eight dimensions", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({8, 4, 3, 2});
       }},
      {"negative count", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({-1, 4, 3, 2});
       }},
      {"negative extent", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({3, -4, -3, 2});
       }},
      {"nothing", ErrorKind::kInvalid,
       [](Maker& m) {
         m.dim({3, 4, 0, 2});
       }},
      {"huge", ErrorKind::kTooLarge,
       [](Maker& m) {
         m.dim({3, 32767, 32767, 32767});
       }},
      {"overflow", ErrorKind::kTooLarge,
       [](Maker& m) {
         m.dim({7, 32767, 32767, 32767, 32767, 32767, 32767, 32767});
       }},
      {"nan offset", ErrorKind::kInvalid, [](Maker& m) { m.vox_offset(std::nan("")); }},
      {"negative offset", ErrorKind::kInvalid, [](Maker& m) { m.vox_offset(-352); }},
      {"offset in the header", ErrorKind::kInvalid, [](Maker& m) { m.vox_offset(100); }},
      {"broken offset", ErrorKind::kInvalid, [](Maker& m) { m.vox_offset(352.5); }},
      {"huge offset", ErrorKind::kTooLarge, [](Maker& m) { m.vox_offset(1e30); }},
      {"infinite offset", ErrorKind::kTooLarge, [=](Maker& m) { m.vox_offset(inf); }},
      {"far offset", ErrorKind::kCorrupt, [](Maker& m) { m.vox_offset(1e6); }},
      {"nan spacing", ErrorKind::kInvalid, [](Maker& m) { m.pixdim(2, std::nan("")); }},
      {"infinite spacing", ErrorKind::kInvalid, [=](Maker& m) { m.pixdim(2, inf); }},
      {"no spacing", ErrorKind::kInvalid, [](Maker& m) { m.pixdim(1, 0); }},
      {"negative spacing", ErrorKind::kInvalid, [](Maker& m) { m.pixdim(1, -1); }},
      {"nan quaternion", ErrorKind::kInvalid,
       [](Maker& m) {
         m.codes(1, 0);
         m.quaternion(std::nan(""), 0, 0);
       }},
      {"no sform", ErrorKind::kInvalid, [](Maker& m) { m.codes(0, 1); }},
      {"nan sform", ErrorKind::kInvalid,
       [](Maker& m) {
         m.codes(0, 1);
         m.srow({{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, std::nan(""), 0}}});
       }},
      {"sheared sform", ErrorKind::kInvalid,
       [](Maker& m) {
         m.codes(0, 1);
         m.srow({{{1, 0, 0, 0}, {0.2, 1, 0, 0}, {0, 0, 1, 0}}});
       }},
  };
  for (const Case& c : cases) {
    Maker maker = good();
    c.change(maker);
    SCOPED_TRACE(c.name);
    error_of(maker.bytes, c.kind);
    error_of(gzip(maker.bytes), c.kind);
  }
  Maker second = good(2);
  second.dim({3, std::int64_t{1} << 31, std::int64_t{1} << 31, 4});
  error_of(second.bytes, ErrorKind::kTooLarge);
  second.dim({3, std::numeric_limits<std::int64_t>::max(), 4, 4});
  error_of(second.bytes, ErrorKind::kTooLarge);
  second.dim({3, 4, 3, 2});
  second.put<std::int64_t>(168, std::numeric_limits<std::int64_t>::min());
  error_of(second.bytes, ErrorKind::kInvalid);
}

TEST(Nifti, WhatIsNoNiftiIsSaid) {
  error_of("", ErrorKind::kCorrupt);
  error_of("hello", ErrorKind::kCorrupt);
  error_of(std::string(1000, '\0'), ErrorKind::kCorrupt);
  error_of(good().bytes.substr(0, 200), ErrorKind::kCorrupt);
  Maker analyze = good();
  std::memset(analyze.bytes.data() + 344, 0, 4);
  EXPECT_NE(error_of(analyze.bytes, ErrorKind::kInvalid).find("ANALYZE"), std::string::npos);
  Maker pair = good();
  pair.bytes[345] = 'i';
  EXPECT_NE(error_of(pair.bytes, ErrorKind::kInvalid).find(".img"), std::string::npos);
}

TEST(Nifti, CutShortOrTooLong) {
  const std::string bytes = good().bytes;
  for (std::size_t cut = 1; cut <= 24; ++cut) {
    error_of(bytes.substr(0, bytes.size() - cut), ErrorKind::kCorrupt);
    error_of(gzip(bytes.substr(0, bytes.size() - cut)), ErrorKind::kCorrupt);
  }
  EXPECT_EQ(error_of(bytes + "xyz", ErrorKind::kCorrupt), "3 bytes follow the voxels");
  error_of(gzip(bytes + "x"), ErrorKind::kCorrupt);
  const std::string packed = gzip(bytes);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    error_of(packed.substr(0, size), ErrorKind::kCorrupt);
  }
  EXPECT_EQ(error_of(packed + "abc", ErrorKind::kCorrupt), "3 bytes follow the compressed data");
  EXPECT_TRUE(parse_nifti(packed + std::string(512, '\0')));  // a tape's padding
  std::string damaged = packed;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // of the CRC
  error_of(damaged, ErrorKind::kCorrupt);
}

TEST(Nifti, MembersOneAfterAnother) {
  const std::string bytes = good().bytes;
  for (const std::size_t cut : {1u, 100u, 348u, 352u, 360u}) {
    const auto volume =
        parse_nifti(gzip(bytes.substr(0, cut)) + gzip("") + gzip(bytes.substr(cut)));
    ASSERT_TRUE(volume) << volume.error().text();
    EXPECT_EQ(volume->as<std::uint8_t>()[23], 23);
  }
  error_of(gzip(bytes) + gzip("x"), ErrorKind::kCorrupt);
}

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Nifti, WhatADamagedFileAnnouncesIsNoMemory) {
  Maker maker;
  maker.dim({3, 1000, 1000, 400, 1, 1, 1, 1});
  // Long enough for what it announces, were it not damaged behind its header.
  const std::string bytes = gzip(maker.bytes) + std::string(500'000, 'x');
  const long before = peak_kib();
  const auto volume = parse_nifti(bytes);
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().kind, ErrorKind::kCorrupt);
  EXPECT_LT(peak_kib() - before, 200'000);
}

TEST(Nifti, ScaledVoxelsCountAgainstTheLimit) {
  Maker maker;
  maker.real(112, 176, 2);  // the slope
  maker.dim({3, 100, 100, 10, 1, 1, 1, 1});
  maker.bytes += std::string(100'000, '\1');
  const NiftiOptions options{.limit = Bytes{200'000}};
  EXPECT_EQ(parse_nifti(maker.bytes, options).error().kind, ErrorKind::kTooLarge);
  const auto labels = parse_nifti_labels(maker.bytes, options);
  ASSERT_TRUE(labels) << labels.error().text();
  EXPECT_EQ(labels->type, ElementType::kU8);
  EXPECT_EQ(labels->as<std::uint8_t>()[99'999], 2);
  maker.real(112, 176, -1000);
  EXPECT_EQ(parse_nifti_labels(maker.bytes, options).error().kind, ErrorKind::kTooLarge);
}

TEST(Nifti, WhatIsNotWantedIsNotUnpacked) {
  Maker maker;
  maker.dim({3, 100, 100, 10, 1, 1, 1, 1});  // and no voxels
  NiftiOptions options;
  options.accept = [](const Geometry& grid) -> Status {
    if (grid.size[0] == 4) return {};
    return make_error(ErrorKind::kInvalid, {}, "another grid");
  };
  EXPECT_EQ(parse_nifti(maker.bytes, options).error().what, "another grid");
  options.accept = nullptr;
  EXPECT_EQ(parse_nifti(maker.bytes, options).error().kind, ErrorKind::kCorrupt);
}

TEST(Nifti, ABombIsRefusedBeforeMemoryIsTaken) {
  // 2 GB of voxels announced, in a file that cannot hold them.
  Maker liar;
  liar.dim({3, 2000, 1000, 1000, 1, 1, 1, 1});
  EXPECT_NE(error_of(gzip(liar.bytes), ErrorKind::kCorrupt).find("at most"), std::string::npos);
  // Zeros that unpack to more than the header announces.
  Maker bomb = good();
  bomb.bytes.resize(64 << 20);
  EXPECT_NE(error_of(gzip(bomb.bytes), ErrorKind::kCorrupt).find("more than"), std::string::npos);
  // An honest one above the limit.
  Maker large;
  large.dim({3, 1024, 1024, 2, 1, 1, 1, 1});
  large.bytes.resize(352 + (2 << 20));
  const std::string packed = gzip(large.bytes);
  EXPECT_TRUE(parse_nifti(packed));
  error_of(packed, ErrorKind::kTooLarge, {.limit = mebibytes(2)});
  // A limit below the start of the voxels.
  error_of(packed, ErrorKind::kTooLarge, {.limit = Bytes{10}});
}

}  // namespace
}  // namespace medperf::imaging
