#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/linked_files.h"
#include "base/tests/temporary_folder.h"

namespace medperf {
namespace {

class Files : public testing::Test {
 protected:
  TemporaryFolder folder_;
  fs::path at(const std::string& name) const { return folder_.path() / name; }
};

TEST_F(Files, WritesWholeAndReads) {
  ASSERT_TRUE(write_file_atomically(at("a"), "one").ok());
  ASSERT_TRUE(write_file_atomically(at("a"), "two", FileMode::kReadable).ok());
  EXPECT_EQ(read_file(at("a")).value(), "two");
  struct stat info {};
  ASSERT_EQ(::stat(at("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644U);
  EXPECT_EQ(list_files(folder_.path())->size(), 1U) << "a temporary file was left";
  EXPECT_EQ(write_file_atomically(at("no/such"), "x").error().kind, ErrorKind::kNotFound);
}

TEST_F(Files, ReadsWithLimits) {
  ASSERT_TRUE(write_file_atomically(at("a"), "12345").ok());
  EXPECT_TRUE(read_file(at("a"), Bytes{5}).ok());
  EXPECT_EQ(read_file(at("a"), Bytes{4}).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(read_file(at("none")).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(read_file(folder_.path()).error().kind, ErrorKind::kInvalid);
  // Files of /proc say they are empty: what counts is what comes.
  EXPECT_FALSE(read_file("/proc/self/status")->empty());
  EXPECT_EQ(read_file("/proc/self/status", Bytes{10}).error().kind, ErrorKind::kTooLarge);
}

TEST_F(Files, FollowsNoLinksAndWaitsForNoPipe) {
  ASSERT_TRUE(write_file_atomically(at("a"), "x").ok());
  fs::create_symlink("a", at("link"));
  EXPECT_EQ(read_file(at("link")).error().kind, ErrorKind::kRefused);
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(at("pipe")).error().kind, ErrorKind::kInvalid);
}

TEST_F(Files, StaysBeneath) {
  ASSERT_TRUE(make_private_folder(at("in/deep")).ok());
  ASSERT_TRUE(write_file_atomically(at("in/deep/f"), "x").ok());
  ASSERT_TRUE(write_file_atomically(at("secret"), "s").ok());
  fs::create_symlink("deep", at("in/dirlink"));
  fs::create_symlink("../secret", at("in/filelink"));
  EXPECT_EQ(read_file_beneath(at("in"), "deep/f", Bytes{10}).value(), "x");
  EXPECT_EQ(read_file_beneath(at("in"), "../secret", Bytes{10}).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(read_file_beneath(at("in"), at("secret"), Bytes{10}).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(read_file_beneath(at("in"), "filelink", Bytes{10}).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(read_file_beneath(at("in"), "dirlink/f", Bytes{10}).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(read_file_beneath(at("in"), "deep", Bytes{10}).error().kind, ErrorKind::kInvalid);
}

TEST_F(Files, PrivateFoldersKeepOthersOut) {
  ASSERT_TRUE(make_private_folder(at("p/q")).ok());
  ASSERT_TRUE(make_private_folder(at("p/q")).ok());
  struct stat info {};
  ASSERT_EQ(::stat(at("p").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_TRUE(write_file_atomically(at("f"), "x").ok());
  EXPECT_EQ(make_private_folder(at("f")).error().kind, ErrorKind::kConflict);
}

TEST_F(Files, ListsSortedByBytesAndRefusesLinks) {
  ASSERT_TRUE(make_private_folder(at("a")).ok());
  for (const auto* name : {"a/z", "a.txt", "B", "a/b"})
    ASSERT_TRUE(write_file_atomically(at(name), "").ok());
  const auto files = list_files(folder_.path());
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(*files, (std::vector<fs::path>{"B", "a.txt", "a/b", "a/z"}));
  EXPECT_EQ(list_files(folder_.path(), 4).error().kind, ErrorKind::kTooLarge);
  fs::create_symlink("/etc", at("a/link"));
  EXPECT_EQ(list_files(folder_.path()).error().kind, ErrorKind::kRefused);
  EXPECT_EQ(list_files(at("none")).error().kind, ErrorKind::kNotFound);
}

TEST_F(Files, ListsLinksToFilesForAPersonButNoneToFolders) {
  fs::create_directory(at("data"));
  ASSERT_TRUE(write_file_atomically(at("there"), "x").ok());
  fs::create_symlink(at("there"), at("data/link"));
  fs::create_symlink(at("nowhere"), at("data/lost"));
  EXPECT_EQ(list_files(at("data"), Links::kRefuse).error().kind, ErrorKind::kRefused);
  const auto files = list_files(at("data"), Links::kFollow);
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_EQ(*files, (std::vector<fs::path>{"link", "lost"}));
  EXPECT_EQ(read_file(at("data/link"), mebibytes(1), Links::kFollow).value(), "x");
  EXPECT_EQ(read_file(at("data/lost"), mebibytes(1), Links::kFollow).error().kind,
            ErrorKind::kNotFound);
  fs::create_directory_symlink(at("data"), at("data/circle"));
  EXPECT_EQ(list_files(at("data"), Links::kFollow).error().kind, ErrorKind::kRefused);
}

TEST_F(Files, LocksExcludeEachOther) {
  {
    const auto lock = FileLock::try_acquire(at("lock"));
    ASSERT_TRUE(lock.ok());
    EXPECT_EQ(FileLock::try_acquire(at("lock")).error().kind, ErrorKind::kBusy);
  }
  EXPECT_TRUE(FileLock::try_acquire(at("lock")).ok());
}

// Whoever waits for a lock whose file goes with it must not hold a file that nobody finds.
TEST_F(Files, ALockIsHeldOnTheFileThatHasTheName) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> takers;
  for (int i = 0; i < 4; ++i) {
    takers.emplace_back([&] {
      for (int taken = 0; taken < 500;) {
        auto lock = FileLock::try_acquire(at("lock"));
        if (!lock.ok()) continue;
        ++taken;
        if (!lock->holds(at("lock"))) ++wrong;
        fs::remove(at("lock"));
      }
    });
  }
  for (auto& taker : takers) taker.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Files, ASharedLockCanBecomeOneForItsHolderAlone) {
  auto first = FileLock::try_share(at("lock"));
  {
    auto second = FileLock::try_share(at("lock"));
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_FALSE(second->try_alone());
  }
  EXPECT_TRUE(first->try_alone());
  EXPECT_FALSE(FileLock::try_share(at("lock")).ok());
  first->release();
  EXPECT_TRUE(FileLock::try_share(at("lock")).ok());
}

TEST_F(Files, RemovesTreesButNotWhatLinksPointTo) {
  ASSERT_TRUE(make_private_folder(at("t/u")).ok());
  ASSERT_TRUE(write_file_atomically(at("keep"), "x").ok());
  fs::create_symlink(at("keep"), at("t/u/link"));
  ASSERT_TRUE(remove_tree(at("t")).ok());
  EXPECT_FALSE(fs::exists(at("t")));
  EXPECT_TRUE(fs::exists(at("keep")));
  EXPECT_GT(free_space(folder_.path())->value, 0U);
}

TEST(FilesOnFullDisk, SaysThatTheDiskIsFull) {
  // /dev/full fails every write with ENOSPC; a link to it cannot be written atomically, so the
  // words are checked on the folder that has no room: a tmpfs of one page.
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount a small file system";
  const TemporaryFolder folder;
  const std::string mount = "mount -t tmpfs -o size=4k,nr_inodes=8 tmpfs " + folder.path().string();
  if (std::system((mount + " 2>/dev/null").c_str()) != 0) GTEST_SKIP() << "cannot mount here";
  const auto status = write_file_atomically(folder.path() / "f", std::string(100'000, 'x'));
  const auto left = list_files(folder.path());
  ASSERT_EQ(std::system(("umount " + folder.path().string()).c_str()), 0);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(status.error().what.find("disk is full"), std::string::npos);
  EXPECT_TRUE(left->empty()) << "half a file was left";
}

}  // namespace
}  // namespace medperf
