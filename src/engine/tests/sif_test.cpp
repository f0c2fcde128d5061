#include "engine/image/sif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "engine/tests/archive_maker.h"

namespace medperf::engine::testing {
namespace {

using ::testing::HasSubstr;

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

/// A SIF whose numbers can each be wrong. Made after the layout; tests/engine runs real ones.
struct SifMaker {
  std::string version = "01";
  std::int64_t descriptors = 3, table = 4096;
  std::int64_t offset = 32768, size = 200;
  std::uint32_t type = 0x4004, file_system = 1, part = 2;
  std::string magic = "hsqs", architecture = "02";
  bool twice = false;
  std::size_t length = 33000;

  std::string bytes() const {
    std::string out(length, '\0');
    out.replace(32, 9, "SIF_MAGIC");
    out.replace(42, 2, version);
    put(out, 88, static_cast<std::uint64_t>(descriptors), 8);
    put(out, 96, static_cast<std::uint64_t>(table), 8);
    describe(out, 4096 + 585);  // the first one is not used
    if (twice) describe(out, 4096);
    out.replace(32768, magic.size(), magic);
    return out;
  }
  void describe(std::string& out, std::size_t at) const {
    put(out, at, type, 4);
    out[at + 4] = 1;
    put(out, at + 17, static_cast<std::uint64_t>(offset), 8);
    put(out, at + 25, static_cast<std::uint64_t>(size), 8);
    put(out, at + 201, file_system, 4);
    put(out, at + 205, part, 4);
    out.replace(at + 209, architecture.size(), architecture);
  }
};

void expect_refused(const SifMaker& maker, ErrorKind kind, const std::string& text) {
  const auto result = read(maker.bytes());
  ASSERT_FALSE(result.ok()) << "expected: " << text;
  EXPECT_EQ(result.error().kind, kind) << result.error().text();
  EXPECT_THAT(result.error().text(), HasSubstr(text));
}

TEST(Sif, IsReadAsAnImage) {
  const SifMaker maker;
  const auto image = read(maker.bytes());
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->format, "sif");
  EXPECT_EQ(image->architecture, "amd64");
  EXPECT_EQ(image->image.hex(), crypto::sha256_hex(maker.bytes())) << "the whole file";
  ASSERT_EQ(image->layers.size(), 1u);
  EXPECT_EQ(image->layers[0].diff_id.hex(), crypto::sha256_hex(maker.bytes().substr(32768, 200)));
  EXPECT_EQ(image->layers[0].position, 32768u);
}

TEST(Sif, NumbersThatLeaveTheFileAreCorrupt) {
  SifMaker maker;
  maker.size = 233;
  expect_refused(maker, ErrorKind::kCorrupt, "partition leaves the file");
  maker.size = -1;
  expect_refused(maker, ErrorKind::kCorrupt, "partition leaves the file");
  maker = {};
  for (const std::int64_t offset :
       {std::int64_t{-1}, std::int64_t{0}, std::int64_t{33001}, std::int64_t{1} << 62, INT64_MIN}) {
    maker.offset = offset;
    expect_refused(maker, ErrorKind::kCorrupt, "partition leaves the file");
  }
  maker = {};
  for (const std::int64_t table :
       {std::int64_t{-1}, std::int64_t{10}, std::int64_t{32990}, std::int64_t{1} << 62}) {
    maker.table = table;
    expect_refused(maker, ErrorKind::kCorrupt, "table of descriptors leaves the file");
  }
  maker = {};
  maker.descriptors = 4097;
  expect_refused(maker, ErrorKind::kTooLarge, "4097");
  maker.descriptors = INT64_MAX;
  expect_refused(maker, ErrorKind::kTooLarge, "descriptors");
  maker.descriptors = -1;
  expect_refused(maker, ErrorKind::kTooLarge, "descriptors");
}

TEST(Sif, OtherFilesThanOneSystemAreRefused) {
  SifMaker maker;
  maker.version = "09";
  expect_refused(maker, ErrorKind::kInvalid, "version");
  maker = {};
  maker.part = 3;
  expect_refused(maker, ErrorKind::kInvalid, "no primary system partition");
  maker = {};
  maker.type = 0x4007;
  expect_refused(maker, ErrorKind::kInvalid, "no primary system partition");
  maker = {};
  maker.twice = true;
  expect_refused(maker, ErrorKind::kInvalid, "several");
  maker = {};
  maker.file_system = 5;
  expect_refused(maker, ErrorKind::kInvalid, "encrypted");
  maker.file_system = 2;
  expect_refused(maker, ErrorKind::kInvalid, "no squashfs");
  maker = {};
  maker.magic = "sqsh";
  expect_refused(maker, ErrorKind::kCorrupt, "no squashfs");
  EXPECT_FALSE(read(SifMaker{}.bytes().substr(0, 100)).ok());
}

TEST(Sif, WhatIsCopiedIsWhatWasHashed) {
  const SifMaker maker;
  const auto file = file_of(maker.bytes());
  const auto image = read_archive(file);
  ASSERT_TRUE(image.ok());
  std::string name = "/tmp/medperf-sif-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  ASSERT_TRUE(copy_file_system(file, *image, fs::path(name) / "good").ok());
  EXPECT_EQ(read_file(fs::path(name) / "good").value(), maker.bytes().substr(32768, 200));
  ASSERT_EQ(::pwrite(file.get(), "x", 1, 32900), 1);
  const auto copied = copy_file_system(file, *image, fs::path(name) / "changed");
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.error().kind, ErrorKind::kCorrupt);
  (void)remove_tree(name).ok();
}

TEST(Sif, TreesOfForeignProgramsAreCleaned) {
  std::string name = "/tmp/medperf-clean-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const fs::path root = name;
  fs::create_directories(root / "d" / "e");
  ASSERT_TRUE(write_file_atomically(root / "d" / "run", "x").ok());
  ASSERT_EQ(::chmod((root / "d" / "run").c_str(), 06711), 0);
  ASSERT_EQ(::mkfifo((root / "d" / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/etc", root / "link");
  ASSERT_EQ(::chmod((root / "d" / "e").c_str(), 01000), 0);
  const auto counts = clean_tree(root);
  ASSERT_TRUE(counts.ok()) << counts.error().text();
  struct stat status {};
  ASSERT_EQ(::stat((root / "d" / "run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0755u);
  ASSERT_EQ(::stat((root / "d" / "e").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0755u);
  EXPECT_FALSE(fs::exists(root / "d" / "pipe"));
  EXPECT_TRUE(fs::is_symlink(root / "link"));
  EXPECT_EQ(counts->special, 1u);
  TreeLimits limits;
  limits.entries = 2;
  EXPECT_FALSE(clean_tree(root, limits).ok());
  limits = {};
  limits.depth = 1;
  EXPECT_FALSE(clean_tree(root, limits).ok());
  (void)remove_tree(root).ok();
}

TEST(Sif, LesserFailuresOfUnsquashfsAreToldFromDevicesLeftOut) {
  const std::string device =
      "create_inode: could not create character device /out/dev, because you're not superuser!\n";
  EXPECT_TRUE(judge_unsquashfs(0, "").ok());
  EXPECT_TRUE(judge_unsquashfs(2, device).ok());
  EXPECT_TRUE(judge_unsquashfs(2, device + "\n" + device).ok());
  EXPECT_FALSE(
      judge_unsquashfs(2, device + "create_inode: failed to create symlink /out/x\n").ok());
  EXPECT_FALSE(judge_unsquashfs(1, device).ok());
  EXPECT_FALSE(judge_unsquashfs(137, "").ok());
  EXPECT_THAT(judge_unsquashfs(1, "FATAL ERROR: File system corruption detected\n").error().text(),
              HasSubstr("corruption"));
}

}  // namespace
}  // namespace medperf::engine::testing
