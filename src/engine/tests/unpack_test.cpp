#include "engine/image/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <set>

#include "engine/tests/archive_maker.h"

namespace medperf::engine::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Layer layer_of(const std::string& bytes) {
  return {FileDigest::parse(crypto::sha256_hex(bytes)).value(), Bytes{bytes.size()}, 0};
}

ByteSource once(const std::string& bytes) {
  return [&bytes, given = false]() mutable -> Result<std::string_view> {
    if (given) return std::string_view{};
    given = true;
    return std::string_view(bytes);
  };
}

// A folder with a neighbour that must stay as it is.
class Unpack : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/medperf-unpack-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    fs::create_directory(home_ / "tree");
    fs::create_directory(home_ / "outside");
    ASSERT_TRUE(write_file_atomically(home_ / "outside" / "canary", "untouched").ok());
  }
  void TearDown() override {
    EXPECT_THAT(names(home_ / "outside"), ElementsAre("canary"));
    EXPECT_EQ(read_file(home_ / "outside" / "canary").value(), "untouched");
    struct stat status {};
    ASSERT_EQ(::stat((home_ / "outside" / "canary").c_str(), &status), 0);
    EXPECT_EQ(status.st_nlink, 1u);
    (void)remove_tree(home_).ok();
  }
  static std::vector<std::string> names(const fs::path& folder) {
    std::set<std::string> sorted;
    for (const auto& entry : fs::directory_iterator(folder)) sorted.insert(entry.path().filename());
    return {sorted.begin(), sorted.end()};
  }
  fs::path tree() const { return home_ / "tree"; }

  /// Unpacks the layers, each a list of entries without its end.
  Result<TreeCounts> unpack(const std::vector<std::string>& layers, const TreeLimits& limits = {}) {
    MEDPERF_TRY(auto writer, TreeWriter::open(tree(), limits));
    for (const auto& entries : layers) {
      const std::string bytes = entries + tar_end();
      MEDPERF_CHECK(unpack_layer(writer, once(bytes), layer_of(bytes)));
    }
    return writer.counts();
  }
  void expect_refused(const std::string& layer, ErrorKind kind, const std::string& text) {
    const auto result = unpack({layer});
    ASSERT_FALSE(result.ok()) << "expected: " << text;
    EXPECT_EQ(result.error().kind, kind) << result.error().text();
    EXPECT_THAT(result.error().text(), HasSubstr(text));
  }

  fs::path home_;
};

std::string folder_entry(const std::string& name) {
  return typed_entry(name, '5');
}

TEST_F(Unpack, FilesLinksModesAndTimes) {
  std::string dated = tar_entry("app/old", "old");
  dated.replace(136, 11, "15165417510");  // octal seconds
  dated.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(dated[i]);
  char text[8];
  std::snprintf(text, sizeof(text), "%06o", sum);
  dated.replace(148, 7, std::string(text, 7));
  const auto counts =
      unpack({tar_entry("app/run", "program", 04755) + tar_entry("./app/data", "d", 0600) + dated +
              tar_entry("/absolute", "stays inside") + typed_entry("app/again", '1', "app/run") +
              typed_entry("app/sym", '2', "/etc/passwd") + folder_entry("empty/")});
  ASSERT_TRUE(counts.ok()) << counts.error().text();
  struct stat run {
  }, data{}, again{}, old{};
  ASSERT_EQ(::stat((tree() / "app/run").c_str(), &run), 0);
  ASSERT_EQ(::stat((tree() / "app/data").c_str(), &data), 0);
  ASSERT_EQ(::stat((tree() / "app/again").c_str(), &again), 0);
  ASSERT_EQ(::stat((tree() / "app/old").c_str(), &old), 0);
  EXPECT_EQ(run.st_mode & 07777u, 0755u) << "no setuid";
  EXPECT_EQ(data.st_mode & 07777u, 0644u);
  EXPECT_EQ(run.st_ino, again.st_ino);
  EXPECT_EQ(old.st_mtime, 015165417510);
  EXPECT_EQ(fs::read_symlink(tree() / "app/sym"), "/etc/passwd");
  EXPECT_EQ(read_file(tree() / "absolute").value(), "stays inside");
  EXPECT_TRUE(fs::is_directory(tree() / "empty"));
  EXPECT_EQ(counts->files, 4u);
  EXPECT_EQ(counts->links, 2u);
}

TEST_F(Unpack, WhiteoutsRemoveWhatLiesBelowOnly) {
  const auto counts =
      unpack({tar_entry("a/one", "1") + tar_entry("a/two", "2") + tar_entry("b/deep/three", "3") +
                  tar_entry("c/four", "4"),
              tar_entry("a/.wh.one", "") + tar_entry("a/.wh.absent", "") + tar_entry("b/new", "n") +
                  tar_entry("b/.wh..wh..opq", "") + tar_entry(".wh.c", "") +
                  tar_entry("c/five", "5") + tar_entry(".wh..wh.plnk", "")});
  ASSERT_TRUE(counts.ok()) << counts.error().text();
  EXPECT_THAT(names(tree()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(tree() / "a"), ElementsAre("two"));
  EXPECT_THAT(names(tree() / "b"), ElementsAre("new"));
  EXPECT_THAT(names(tree() / "c"), ElementsAre("five"));
}

TEST_F(Unpack, LaterLayersReplace) {
  ASSERT_TRUE(unpack({tar_entry("f", "old") + tar_entry("d/x", "x") + typed_entry("l", '2', "d") +
                          typed_entry("m", '2', "../outside"),
                      tar_entry("f", "new") + typed_entry("d", '2', "f") + tar_entry("l/y", "y") +
                          tar_entry("m/z", "z")})
                  .ok());
  EXPECT_EQ(read_file(tree() / "f").value(), "new");
  EXPECT_TRUE(fs::is_symlink(tree() / "d"));
  // A link of a layer below is hidden by a folder, never followed.
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(tree() / "l")));
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(tree() / "m")));
  EXPECT_EQ(read_file(tree() / "m/z").value(), "z");
}

TEST_F(Unpack, NamesThatLeaveTheRootAreRefused) {
  for (const char* name : {"../outside/new", "a/../../outside/new", "..", "a/b/../../../outside/x"})
    expect_refused(tar_entry(name, "x"), ErrorKind::kInvalid, "leaves the image's root");
  expect_refused(typed_entry("h", '1', "../outside/canary"), ErrorKind::kInvalid, "leaves");
  expect_refused(typed_entry("/", '2', "x"), ErrorKind::kInvalid, "place of the root");
  expect_refused(tar_entry(".wh...", ""), ErrorKind::kInvalid, "names no file");
}

TEST_F(Unpack, NoLinkIsFollowed) {
  const std::string out = (home_ / "outside").native();
  expect_refused(typed_entry("d", '2', out) + tar_entry("d/new", "x"), ErrorKind::kInvalid,
                 "which is no folder");
  expect_refused(typed_entry("e", '2', "../outside") + tar_entry("e/.wh.canary", ""),
                 ErrorKind::kInvalid, "which is no folder");
  expect_refused(typed_entry("t", '2', out) + typed_entry("h", '1', "t/canary"),
                 ErrorKind::kCorrupt, "leads to nothing");
  expect_refused(typed_entry("h", '1', out + "/canary"), ErrorKind::kCorrupt, "leads to nothing");
  // A file in the place of a link replaces the link, not what it leads to.
  ASSERT_TRUE(unpack({typed_entry("s", '2', out + "/canary") + tar_entry("s", "mine")}).ok());
  EXPECT_EQ(read_file(tree() / "s").value(), "mine");
  // A hard link to a symbolic link is the link again.
  ASSERT_TRUE(unpack({typed_entry("p", '2', out + "/canary") + typed_entry("q", '1', "p")}).ok());
  EXPECT_TRUE(fs::is_symlink(tree() / "q"));
}

TEST_F(Unpack, SpecialFilesAreCountedNotMade) {
  const auto counts =
      unpack({typed_entry("char", '3') + typed_entry("block", '4') + typed_entry("pipe", '6')});
  ASSERT_TRUE(counts.ok()) << counts.error().text();
  EXPECT_EQ(counts->special, 3u);
  EXPECT_TRUE(names(tree()).empty());
}

TEST_F(Unpack, LimitsHold) {
  TreeLimits limits;
  limits.entries = 3;
  auto many = unpack(
      {tar_entry("1", "") + tar_entry("2", ""), tar_entry("3", "") + tar_entry("4", "")}, limits);
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().kind, ErrorKind::kTooLarge);
  limits = {};
  limits.unpacked = Bytes{10};
  EXPECT_FALSE(unpack({tar_entry("a", "123456") + tar_entry("b", "123456")}, limits).ok());
  limits = {};
  limits.depth = 5;
  EXPECT_FALSE(unpack({tar_entry("a/b/c/d/e/f", "")}, limits).ok());
  EXPECT_TRUE(unpack({tar_entry("a/b/c/d/e", "")}, limits).ok());
  limits = {};
  limits.path = 20;
  EXPECT_FALSE(unpack({tar_entry("a-name-of-more-than-20-characters", "")}, limits).ok());
  EXPECT_FALSE(unpack({typed_entry("s", '2', "a-target-of-more-than-20-characters")}, limits).ok());
  limits = {};
  limits.names = Bytes{10};
  EXPECT_FALSE(unpack({tar_entry("abcdef", "") + tar_entry("ghijkl", "")}, limits).ok());
}

TEST_F(Unpack, AMillionEntriesAreRefusedWhenSoSet) {
  std::string bytes;
  bytes.reserve(513u << 20);
  for (int i = 0; i < 1'000'000; ++i) {
    if (i == 0)
      bytes += tar_entry("f000000", "");
    else
      bytes.append(bytes, 0, 512);
  }
  bytes += tar_end();
  TreeLimits limits;
  limits.entries = 1000;
  auto writer = TreeWriter::open(tree(), limits);
  ASSERT_TRUE(writer.ok());
  const auto result = unpack_layer(*writer, once(bytes), layer_of(bytes));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(writer->counts().files, 1000u) << "reading stopped at once";
}

TEST_F(Unpack, OtherBytesThanVerifiedAreCorrupt) {
  const std::string good = tar_entry("a", "good") + tar_end();
  const std::string evil = tar_entry("a", "evil") + tar_end();
  const std::string longer = tar_entry("a", "good") + tar_entry("b", "more") + tar_end();
  for (const auto* bytes : {&evil, &longer}) {
    auto writer = TreeWriter::open(tree(), {});
    ASSERT_TRUE(writer.ok());
    const auto result = unpack_layer(*writer, once(*bytes), layer_of(good));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::kCorrupt) << result.error().text();
  }
}

TEST_F(Unpack, WholeArchives) {
  ImageMaker maker;
  maker.layers = {tar_of({{"app/run", "program"}, {"gone", "x"}}),
                  tar_of({{".wh.gone", ""}, {"late", "l"}})};
  for (const auto& bytes : {maker.docker(), maker.oci()}) {
    const auto file = file_of(bytes);
    const auto image = read_archive(file);
    ASSERT_TRUE(image.ok()) << image.error().text();
    auto staged = StagedFolder::make(home_ / "store");
    ASSERT_TRUE(staged.ok());
    const auto counts = unpack_image(file, *image, staged->path() / "root");
    ASSERT_TRUE(counts.ok()) << counts.error().text();
    EXPECT_THAT(names(staged->path() / "root"), ElementsAre("app", "late"));
    EXPECT_EQ(counts->removed, 1u);
  }
}

TEST_F(Unpack, StagedFoldersAppearWholeOrNotAtAll) {
  const fs::path store = home_ / "store";
  { ASSERT_TRUE(StagedFolder::make(store).ok()); }
  EXPECT_TRUE(names(store).empty());
  const pid_t killed = ::fork();
  if (killed == 0) {
    auto staged = StagedFolder::make(store);
    ::_exit(staged.ok() ? 0 : 1);  // without its destructor, as after a kill
  }
  int status = -1;
  ASSERT_EQ(::waitpid(killed, &status, 0), killed);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(names(store).size(), 1u);
  auto staged = StagedFolder::make(store);
  ASSERT_TRUE(staged.ok());
  remove_dead_parts(store);
  EXPECT_EQ(names(store).size(), 1u) << "the living one stays";
  ASSERT_TRUE(staged->commit(store / "whole").ok());
  EXPECT_THAT(names(store), ElementsAre("whole"));
  auto again = StagedFolder::make(store);
  ASSERT_TRUE(again.ok());
  const auto second = again->commit(store / "whole");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
}

}  // namespace
}  // namespace medperf::engine::testing
