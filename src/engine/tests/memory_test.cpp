// Storage in memory for a run, and encrypted archives that are opened into it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <new>
#include <thread>
#include <vector>

#include "base/tests/temporary_folder.h"
#include "engine/choice.h"
#include "engine/limits/guard.h"
#include "engine/memory/gpg.h"
#include "engine/memory/place.h"
#include "engine/memory/sealed.h"
#include "engine/tests/archive_maker.h"

namespace medperf::engine::testing {
namespace {

// A guard that ends at once: these tests kill nobody.
const fs::path kNoGuard = "/bin/true";

class Memory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/dev/shm/medperf-gpg-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    if (::access("/usr/bin/gpg", X_OK) != 0) GTEST_SKIP() << "needs gpg";
  }
  void TearDown() override { (void)remove_tree(home_).ok(); }

  GpgPlace gpg() const { return {home_, {{"PATH", "/usr/bin:/bin"}}}; }
  static crypto::Secret key(const std::string& text = "correct horse") {
    return crypto::Secret(text);
  }
  static std::string content(const FileHandle& file) {
    return read_all(file, mebibytes(64), "test").value();
  }
  FileHandle sealed(const std::string& bytes) const {
    const FileHandle plain = file_of(bytes);
    FileHandle out = file_of("");
    const auto done = encrypt(plain, key(), out, gpg());
    EXPECT_TRUE(done.ok()) << done.error().text() << done.error().cause;
    return out;
  }
  ErrorKind failure(const FileHandle& file, const crypto::Secret& with,
                    Bytes limit = mebibytes(64)) const {
    const FileHandle out = file_of("");
    const auto done = decrypt(file, with, out, limit, gpg());
    EXPECT_FALSE(done.ok());
    return done.ok() ? ErrorKind::kBug : done.error().kind;
  }
  fs::path home_;
};

TEST_F(Memory, WhatIsEncryptedComesBack) {
  const std::string bytes(3'000'000, 'x');
  const FileHandle file = sealed(bytes);
  EXPECT_EQ(content(file).find(std::string(100, 'x')), std::string::npos);
  const FileHandle out = file_of("");
  const auto done = decrypt(file, key(), out, mebibytes(64), gpg());
  ASSERT_TRUE(done.ok()) << done.error().text() << done.error().cause;
  EXPECT_EQ(content(out), bytes);
  // gpg takes a key file's first line, with or without its end.
  EXPECT_TRUE(decrypt(file, key("correct horse\n"), file_of(""), mebibytes(64), gpg()).ok());
}

TEST_F(Memory, WhatCannotBeDecryptedSaysWhy) {
  const FileHandle file = sealed(std::string(3'000'000, 'x'));
  EXPECT_EQ(failure(file, key("wrong")), ErrorKind::kRefused);
  EXPECT_EQ(failure(file, key("")), ErrorKind::kRefused);
  EXPECT_EQ(failure(file, key(), Bytes{1'000'000}), ErrorKind::kTooLarge);
  EXPECT_EQ(failure(file_of("no such thing"), key()), ErrorKind::kCorrupt);
  std::string damaged = content(file);
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_EQ(failure(file_of(damaged), key()), ErrorKind::kCorrupt);
  EXPECT_EQ(failure(file_of(content(file).substr(0, 1'000'000)), key()), ErrorKind::kCorrupt);
}

TEST_F(Memory, AnEncryptedArchiveIsReadAsAPlainOne) {
  const ImageMaker maker;
  const SealedSetup setup{kNoGuard, {{"PATH", "/usr/bin:/bin"}}};
  const auto opened = open_sealed(sealed(maker.docker()), key(), mebibytes(64), setup);
  ASSERT_TRUE(opened.ok()) << opened.error().text() << opened.error().cause;
  EXPECT_EQ(opened->image.image.hex(), maker.id());
  EXPECT_EQ(opened->plain.value, maker.docker().size());
}

TEST(MemoryPlaceTest, IsPrivateMemoryAndGoesWithItsRun) {
  fs::path outer;
  std::thread([&] {
    auto place = MemoryPlace::make({mebibytes(8), kNoGuard, {}});
    ASSERT_TRUE(place.ok()) << place.error().text();
    const fs::path folder = (*place)->folder();
    outer = folder.parent_path();
    EXPECT_TRUE(is_memory(folder));
    struct stat status {};
    ASSERT_EQ(::stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    ASSERT_TRUE(write_file_atomically(folder / "secret", "text").ok());
  }).join();
  ASSERT_FALSE(outer.empty());
  EXPECT_FALSE(fs::exists(outer));
}

TEST(MemoryPlaceTest, AsRootNobodyElseSeesIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  auto place = Result<std::unique_ptr<MemoryPlace>>(make_error(ErrorKind::kBug, "", "not made"));
  std::atomic<int> step{0};
  std::thread run([&] {
    place = MemoryPlace::make({mebibytes(8), kNoGuard, {}});
    if (place.ok()) (void)write_file_atomically((*place)->folder() / "secret", "text").ok();
    step = 1;
    while (step != 2) ::usleep(1000);
    if (place.ok()) (void)(*place)->wipe().ok();
  });
  while (step != 1) ::usleep(1000);
  const bool seen = place.ok() && fs::exists((*place)->folder() / "secret");
  const bool may_swap = place.ok() && (*place)->may_swap();
  step = 2;
  run.join();
  ASSERT_TRUE(place.ok()) << place.error().text();
  EXPECT_FALSE(seen);
  EXPECT_FALSE(may_swap && !may_be_swapped());
}

TEST(MemoryPlaceTest, TooLittleMemoryIsSaidBefore) {
  const auto place = MemoryPlace::make({Bytes{1ULL << 60}, kNoGuard, {}});
  ASSERT_FALSE(place.ok());
  EXPECT_EQ(place.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(place.error().what.find("needs"), std::string::npos) << place.error().text();
}

MemoryNeed need(std::uint64_t process, std::uint64_t container) {
  return {mebibytes(process), mebibytes(container)};
}

TEST(MemoryRoomTest, FitsOnTheMachineWithItsContainerAndWhatOthersWillTake) {
  const MemoryRoom room{mebibytes(1000), {}, {}};
  EXPECT_EQ(lack_of_memory(need(400, 300), {}, room), "");
  EXPECT_NE(lack_of_memory(need(400, 400), {}, room), "") << "some stays free";
  EXPECT_EQ(lack_of_memory(need(200, 100), need(200, 200), room), "");
  const std::string lack = lack_of_memory(need(200, 100), need(300, 200), room);
  EXPECT_NE(lack.find("other runs"), std::string::npos) << lack;
}

TEST(MemoryRoomTest, FitsInItsGroupWithoutTheContainerWhichHasItsOwn) {
  const MemoryRoom room{mebibytes(9000), GroupRoom{mebibytes(500), mebibytes(600), "/g"}, {}};
  EXPECT_EQ(lack_of_memory(need(400, 5000), {}, room), "");
  const std::string lack = lack_of_memory(need(480, 10), {}, room);
  EXPECT_NE(lack.find("/g"), std::string::npos) << lack;
  EXPECT_EQ(lack_of_memory(need(200, 10), need(200, 1000), room), "");
  EXPECT_NE(lack_of_memory(need(200, 10), need(300, 0), room), "");
}

TEST(MemoryRoomTest, FitsInTheMemoryFileSystem) {
  const MemoryRoom room{mebibytes(9000), {}, mebibytes(100)};
  EXPECT_EQ(lack_of_memory(need(60, 0), need(40, 0), room), "");
  EXPECT_NE(lack_of_memory(need(60, 0), need(41, 0), room), "");
}

TEST(MemoryRoomTest, SwapIsWhatTheMachineHas) {
  const CgroupView none{"/nowhere", "", false};
  EXPECT_TRUE(may_be_swapped("MemTotal: 9 kB\nSwapTotal:       1024 kB\n", none));
  EXPECT_FALSE(may_be_swapped("SwapTotal:       0 kB\n", none));
  EXPECT_TRUE(may_be_swapped("", none)) << "not said is not no";
}

class Claims : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/dev/shm/medperf-claim-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    for (const char* run : {"first", "second"}) fs::create_directory(home_ / run);
  }
  void TearDown() override { (void)remove_tree(home_).ok(); }
  Status claim(const char* own, const char* other, const MemoryNeed& wanted) const {
    const auto others = [&] {
      return ended_ ? std::vector<fs::path>() : std::vector{home_ / other};
    };
    return claim_memory(home_ / own, home_ / "turn", wanted, others, [] {
      return Result<MemoryRoom>(MemoryRoom{mebibytes(1000), {}, {}});
    });
  }
  /// Other processes' places, looked for and then thought about for a while.
  std::vector<fs::path> claimed_beside(const fs::path& own) const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(home_)) {
      if (entry.path() != own && has_claim(entry.path())) out.push_back(entry.path());
    }
    ::usleep(10'000);
    return out;
  }
  fs::path home_;
  std::atomic<bool> ended_{false};
};

TEST_F(Claims, WhatOthersClaimedIsWaitedForUntilTheyTookItOrEnded) {
  ASSERT_TRUE(claim("first", "second", need(400, 200)).ok());
  EXPECT_TRUE(claim("second", "first", need(100, 20)).ok());
  std::atomic<bool> in{false};
  std::thread second([&] {
    EXPECT_TRUE(claim("second", "first", need(400, 200)).ok());
    in = true;
  });
  ::usleep(500'000);
  EXPECT_FALSE(in);
  ASSERT_TRUE(write_claim(home_ / "first", need(0, 100)).ok());
  second.join();
  EXPECT_EQ(sum_of_claims({home_ / "first", home_ / "second"}).process, mebibytes(400));
  std::thread third([&] { EXPECT_TRUE(claim("first", "second", need(700, 0)).ok()); });
  ::usleep(300'000);
  ended_ = true;
  third.join();
}

struct Seen {
  std::atomic<int> inside{0}, most{0};
};

/// A command that takes 200 MiB of 1000, some of which stay free, again and again.
int claim_and_leave(const fs::path& own, const fs::path& turn, Seen& seen,
                    const std::function<std::vector<fs::path>()>& others) {
  const auto room = [] { return Result<MemoryRoom>(MemoryRoom{mebibytes(1000), {}, {}}); };
  for (int round = 0; round < 3; ++round) {
    if (!claim_memory(own, turn, need(200, 0), others, room).ok()) return 1;
    const int inside = ++seen.inside;
    for (int most = seen.most; inside > most && !seen.most.compare_exchange_weak(most, inside);) {
    }
    ::usleep(20'000);
    --seen.inside;
    fs::remove(own / "claim");
  }
  return 0;
}

TEST_F(Claims, OfManyProcessesAtOnceNoMoreAreLetInThanFit) {
  void* shared =
      ::mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  Seen& seen = *new (shared) Seen;
  std::vector<pid_t> commands;
  for (int i = 0; i < 12; ++i) {
    const fs::path own = home_ / ("command-" + std::to_string(i));
    fs::create_directory(own);
    const pid_t command = ::fork();
    if (command == 0)
      ::_exit(claim_and_leave(own, home_ / "turn", seen, [&] { return claimed_beside(own); }));
    commands.push_back(command);
  }
  for (const pid_t command : commands) {
    int status = -1;
    ASSERT_EQ(::waitpid(command, &status, 0), command);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(seen.inside, 0);
  EXPECT_LE(seen.most, 3) << "200 MiB each fit three times into what is not to stay free";
  EXPECT_FALSE(fs::exists(home_ / "turn"));
  ::munmap(shared, sizeof(Seen));
}

TEST_F(Claims, ATurnThatAKilledCommandHadIsFree) {
  ASSERT_TRUE(write_file_atomically(home_ / "turn", "").ok());
  EXPECT_TRUE(claim("first", "second", need(400, 200)).ok());
  EXPECT_FALSE(fs::exists(home_ / "turn"));
}

TEST_F(Claims, ATurnThatAnotherUserHasMadeIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(write_file_atomically(home_ / "turn", "").ok());
  ASSERT_EQ(::chown((home_ / "turn").c_str(), 65534, 65534), 0);
  const auto refused = claim("first", "second", need(400, 200));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("another user"), std::string::npos);
  EXPECT_TRUE(fs::exists(home_ / "turn"));
}

TEST_F(Claims, WhatNeverFitsIsRefusedAtOnce) {
  ASSERT_TRUE(claim("first", "second", need(400, 200)).ok());
  const auto refused = claim("second", "first", need(900, 0));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(has_claim(home_ / "second"));
}

TEST(MemoryPlaceTest, TwoThatDoNotFitTogetherComeOneAfterTheOther) {
  // One fits, two do not, even if others on the machine take or give back a quarter of what is
  // free.
  const Bytes most{memory_room().value().machine.value / 10 * 7};
  std::atomic<int> in{0}, step{0};
  const auto run = [&](int number) {
    const auto place = MemoryPlace::make({mebibytes(8), kNoGuard, {}, {mebibytes(8), most}});
    ASSERT_TRUE(place.ok()) << place.error().text();
    EXPECT_EQ(sum_of_claims({(*place)->folder().parent_path()}).container, most);
    in = number;
    while (step < number) ::usleep(1000);
  };
  std::thread first(run, 1);
  while (in != 1) ::usleep(1000);
  std::thread second(run, 2);
  ::usleep(700'000);
  EXPECT_EQ(in, 1) << "the second waits";
  step = 1;
  first.join();
  for (int i = 0; i < 300'000 && in != 2; ++i) ::usleep(1000);
  EXPECT_EQ(in, 2) << "the claim has gone with its place";
  step = 2;
  second.join();
}

TEST(MemoryPlaceTest, AClaimShrinksWhenTheImageIsThere) {
  std::thread([] {
    auto place = MemoryPlace::make({mebibytes(8), kNoGuard, {}, {mebibytes(8), mebibytes(50)}});
    ASSERT_TRUE(place.ok()) << place.error().text();
    const fs::path outer = (*place)->folder().parent_path();
    ASSERT_TRUE((*place)->claim_no_more_than({{}, mebibytes(20)}).ok());
    EXPECT_EQ(sum_of_claims({outer}).process, mebibytes(0));
    EXPECT_EQ(sum_of_claims({outer}).container, mebibytes(20));
  }).join();
}

/// A guard whose program takes its time before it does anything.
TEST(GuardTest, HoldsTheMemoryOfItsRunFromTheFirstInstant) {
  const TemporaryFolder folder;
  GuardPlan plan;
  plan.program = folder.path() / "guard";
  plan.held = folder.path() / "held";
  ASSERT_TRUE(write_file_atomically(plan.program, "#!/bin/sh\nread -r word <&3\n").ok());
  fs::permissions(plan.program, fs::perms::owner_all);
  const FileHandle lock(::open(plan.held.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto is_free = [&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; };
  auto guard = Guard::start(plan);
  ASSERT_TRUE(guard.ok()) << guard.error().text();
  EXPECT_FALSE(is_free());
  guard->finish(false);
  bool freed = false;
  for (int i = 0; i < 6000 && !(freed = is_free()); ++i) ::usleep(10'000);
  EXPECT_TRUE(freed) << "until its guard has ended";
}

bool runs(pid_t process) {
  const auto status = read_file("/proc/" + std::to_string(process) + "/stat");
  return status.ok() && status->find(") Z ") == std::string::npos;
}

/// A client that is killed while a container of it runs in a place; its guard never ends.
class Abandoned : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/medperf-hanging-guard-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    std::ofstream(home_ / "guard") << "#!/bin/sh\nwhile :; do sleep 1; done\n";
    fs::permissions(home_ / "guard", fs::perms::owner_all);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t client = ::fork();
    if (client == 0) be_client(ends[1]);
    ::close(ends[1]);
    std::array<char, 200> text{};
    const ssize_t got = ::read(ends[0], text.data(), text.size() - 1);
    ::close(ends[0]);
    ::kill(client, SIGKILL);
    ASSERT_EQ(::waitpid(client, nullptr, 0), client);
    ASSERT_GT(got, 0);
    const std::string words = text.data();
    place_ = words.substr(0, words.find(' '));
    container_ = std::stoi(words.substr(words.find(' ')));
  }
  void TearDown() override {
    if (container_ > 1) ::kill(container_, SIGKILL);
    for (int i = 0; i < 200 && fs::exists(place_); ++i) {
      sweep_memory_place(place_, Seconds{0});
      ::usleep(50'000);
    }
    (void)remove_tree(home_).ok();
  }
  fs::path home_, place_;
  pid_t container_ = 0;

 private:
  [[noreturn]] void be_client(int tell) const {
    const auto place = MemoryPlace::make({mebibytes(8), home_ / "guard", {}});
    if (!place.ok()) ::_exit(1);
    const std::string outer = (*place)->folder().parent_path().native();
    const pid_t container = ::fork();
    if (container == 0) {
      ::execl("/bin/sh", "sh", "-c", "while :; do sleep 1; done", (outer + "/m/x").c_str(),
              nullptr);
      ::_exit(127);
    }
    const std::string words = outer + " " + std::to_string(container);
    (void)!::write(tell, words.data(), words.size());
    for (;;) ::pause();
  }
};

TEST_F(Abandoned, AGuardAtWorkHasItsTimeButNotForEver) {
  // A place of the last two seconds might be in the making: nobody looks at it.
  for (int i = 0; i < 600 && !fs::exists(place_ / "found"); ++i) {
    EXPECT_FALSE(sweep_memory_place(place_, Seconds{1e6}));
    ::usleep(50'000);
  }
  EXPECT_TRUE(fs::exists(place_ / "found"));
  EXPECT_TRUE(runs(container_)) << "the guard knows better how to end it";
  bool gone = false;
  for (int i = 0; i < 600 && !gone; ++i) {
    gone = sweep_memory_place(place_, Seconds{0});
    if (!gone) ::usleep(50'000);
  }
  EXPECT_TRUE(gone);
  EXPECT_FALSE(fs::exists(place_));
  for (int i = 0; i < 10'000 && runs(container_); ++i) ::usleep(1000);
  EXPECT_FALSE(runs(container_));
}

TEST(MemoryPlaceTest, ADiskIsNoMemory) {
  EXPECT_FALSE(is_memory("/usr"));
  EXPECT_FALSE(is_memory("/nowhere"));
}

TEST(SealedRun, NeedsTheArchiveAndTheCopiesOfItsFiles) {
  SealedImage image;
  image.plain = mebibytes(100);
  image.unpacked = mebibytes(90);
  const auto two = memory_needed(image, 2), four = memory_needed(image, 4);
  EXPECT_GE(two, mebibytes(190));
  EXPECT_EQ(four.value - two.value, mebibytes(180).value);
  image.squashed = true;
  EXPECT_GT(memory_needed(image, 2), two) << "a sif is packed";
}

}  // namespace
}  // namespace medperf::engine::testing
