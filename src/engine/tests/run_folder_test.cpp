// The folder of what podman runs: made by the first client, removed by the last, whoever comes
// between.
#include "engine/podman/run_folder.h"

#include <gtest/gtest.h>

#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <vector>

namespace medperf::engine {
namespace {

class RunFolders : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/medperf-run-folder-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    parent_ = name;
    folder_ = parent_ / ("medperf-" + std::to_string(::geteuid()) + "-0123abcd");
  }
  void TearDown() override { (void)remove_tree(parent_).ok(); }
  std::optional<RunFolder> hold() const {
    auto held = RunFolder::hold(folder_);
    EXPECT_TRUE(held.ok()) << held.error().text();
    return held.ok() ? std::optional<RunFolder>(std::move(*held)) : std::nullopt;
  }
  /// What podman leaves there.
  void run_something() const {
    ASSERT_TRUE(make_private_folder(folder_ / "s/overlay-containers").ok());
    ASSERT_TRUE(make_private_folder(folder_ / "libpod").ok());
    ASSERT_TRUE(write_file_atomically(folder_ / "libpod/alive", "").ok());
  }
  fs::path parent_, folder_;
};

TEST_F(RunFolders, IsThereAsLongAsAClientIs) {
  auto first = hold();
  run_something();
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
  {
    auto second = hold();
    first.reset();
    EXPECT_TRUE(fs::exists(folder_ / "libpod/alive"));
    EXPECT_TRUE(idle_run_folders(parent_).empty());
    EXPECT_FALSE(remove_run_folder(folder_).ok());
  }
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(RunFolders, StaysWhileSomethingOfARunIsInIt) {
  const fs::path container = folder_ / "s/overlay-containers/abc";
  {
    auto held = hold();
    run_something();
    ASSERT_TRUE(make_private_folder(container).ok());
  }
  EXPECT_TRUE(fs::exists(container));
  EXPECT_TRUE(idle_run_folders(parent_).empty());
  EXPECT_EQ(remove_run_folder(folder_).error().kind, ErrorKind::kBusy);
  auto next = hold();
  EXPECT_TRUE(fs::exists(container)) << "it is of this boot";
  fs::remove(container);
  next.reset();
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(RunFolders, WhatIsOfAnEarlierBootIsNotBelieved) {
  ASSERT_TRUE(make_private_folder(folder_).ok());
  run_something();
  ASSERT_TRUE(write_file_atomically(folder_ / "boot", "another").ok());
  const auto held = hold();
  EXPECT_FALSE(fs::exists(folder_ / "libpod"));
}

TEST_F(RunFolders, AHalfRemovedOneIsBegunAnew) {
  ASSERT_TRUE(make_private_folder(folder_).ok());
  run_something();
  const auto held = hold();
  EXPECT_FALSE(fs::exists(folder_ / "libpod"));
}

TEST_F(RunFolders, WhatOthersWorkInStaysThoughItsFileWasCleanedAway) {
  const auto first = hold();
  run_something();
  fs::remove(folder_ / "boot");
  const auto second = hold();
  EXPECT_TRUE(fs::exists(folder_ / "libpod/alive"));
}

TEST_F(RunFolders, AnotherUsersOrAnOpenOneIsRefused) {
  ASSERT_TRUE(make_private_folder(folder_).ok());
  fs::permissions(folder_, fs::perms(0755));
  EXPECT_EQ(RunFolder::hold(folder_).error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(fs::exists(folder_ / "in-use"));
  ASSERT_TRUE(remove_tree(folder_).ok());
  fs::create_symlink("/tmp", folder_);
  EXPECT_EQ(RunFolder::hold(folder_).error().kind, ErrorKind::kUnavailable);
}

TEST_F(RunFolders, OfAKilledClientItIsIdleOnceItsGuardIsDone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t client = ::fork();
  if (client == 0) {
    const auto held = RunFolder::hold(folder_);
    if (!held.ok() || ::write(ends[1], "x", 1) != 1) ::_exit(1);
    if (::fork() == 0) {  // has the lock's descriptor, as a guard has
      char byte = 0;
      (void)!::write(ends[1], "x", 1);
      ::close(ends[1]);
      while (::access((parent_ / "done").c_str(), F_OK) != 0) ::usleep(1000);
      (void)byte;
      ::_exit(0);
    }
    ::pause();
    ::_exit(0);
  }
  char bytes[2];
  for (char& byte : bytes) ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(client, SIGKILL);
  ASSERT_EQ(::waitpid(client, nullptr, 0), client);
  run_something();
  EXPECT_TRUE(idle_run_folders(parent_).empty()) << "the guard still needs it";
  { const auto other = hold(); }
  EXPECT_TRUE(fs::exists(folder_ / "libpod/alive")) << "the guard still needs it";
  ASSERT_TRUE(write_file_atomically(parent_ / "done", "").ok());
  for (int i = 0; i < 10'000 && idle_run_folders(parent_).empty(); ++i) ::usleep(1000);
  ASSERT_EQ(idle_run_folders(parent_), std::vector<fs::path>{folder_});
  ASSERT_TRUE(remove_run_folder(folder_).ok());
  EXPECT_FALSE(fs::exists(folder_));
  ::close(ends[0]);
  ::close(ends[1]);
}

// Each finds a whole folder that nobody takes away, however the others come and go.
TEST_F(RunFolders, ManyClientsAtOnceNeverTakeItFromEachOther) {
  constexpr int kClients = 6, kRounds = 150;
  std::vector<pid_t> clients;
  for (int i = 0; i < kClients; ++i) {
    const pid_t client = ::fork();
    if (client == 0) {
      const fs::path own = folder_ / ("of-" + std::to_string(i));
      for (int round = 0; round < kRounds; ++round) {
        const auto held = RunFolder::hold(folder_);
        if (!held.ok()) ::_exit(1);
        if (!fs::exists(folder_ / "boot")) ::_exit(2);
        if (!write_file_atomically(own, "x").ok()) ::_exit(3);
        if (round % 3 == i % 3) ::usleep(500);
        if (!fs::exists(own) || !fs::exists(folder_ / "in-use")) ::_exit(4);
      }
      ::_exit(0);
    }
    clients.push_back(client);
  }
  for (const pid_t client : clients) {
    int status = -1;
    ASSERT_EQ(::waitpid(client, &status, 0), client);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_FALSE(fs::exists(folder_));
}

}  // namespace
}  // namespace medperf::engine
