// Control groups over a made-up tree: what this machine does not have must be right all the same.
#include "engine/limits/cgroup.h"
#include "engine/limits/own_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/files.h"

namespace medperf::engine {
namespace {

class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "cgroup-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const fs::path& file, const std::string& text = {}) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::string get(const fs::path& file) {
    std::ifstream in(root_ / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void make_v1(const fs::path& group) {
    for (const char* hierarchy : {"memory", "pids"}) {
      put(fs::path(hierarchy) / "cgroup.procs");
      put(hierarchy / group / "cgroup.procs");
    }
    put("memory" / group / "memory.memsw.limit_in_bytes");
  }
  void make_v2(const fs::path& group, const std::string& handed_on) {
    put("cgroup.controllers", "cpu memory pids\n");
    put(group / "cgroup.procs");
    put(group / "cgroup.subtree_control", handed_on);
    put(group / "memory.swap.max");
  }
  CgroupView view(const std::string& self = {}, bool is_root = false) {
    return {root_, self, is_root};
  }

  fs::path root_;
};

TEST_F(CgroupTest, Version1WantedGroup) {
  make_v1("demo/alice");
  const auto place = find_cgroup_place(view(), "demo/alice");
  ASSERT_TRUE(place.found()) << place.missing;
  EXPECT_EQ(place.version, CgroupVersion::kV1);
  EXPECT_EQ(place.folders("x"),
            (std::vector<fs::path>{root_ / "memory/demo/alice/x", root_ / "pids/demo/alice/x"}));
}

TEST_F(CgroupTest, Version1OwnGroupOfAnOrdinaryUser) {
  make_v1("mine");
  const auto place = find_cgroup_place(view("8:pids:/mine\n4:cpu,memory:/mine\n0::/\n"), "");
  ASSERT_TRUE(place.found()) << place.missing;
  EXPECT_EQ(place.relative, "mine");
  EXPECT_FALSE(find_cgroup_place(view("8:pids:/\n4:memory:/mine\n"), "").found());
  EXPECT_FALSE(find_cgroup_place(view("8:pids:/\n4:memory:/\n"), "").found());
}

TEST_F(CgroupTest, Version1RootMakesItsOwn) {
  make_v1("other");
  const auto place = find_cgroup_place(view("", true), "");
  EXPECT_EQ(place.relative, "medperf");
  EXPECT_TRUE(fs::is_directory(root_ / "memory/medperf"));
}

// limit, usage and what can be dropped, of a group of version 2 or 1.
TEST_F(CgroupTest, Version2TheLeastThatItsOwnAndTheGroupsAboveLeave) {
  put("cgroup.controllers", "memory");
  put("a/b/memory.max", "max\n");
  put("a/memory.max", "1000000\n");
  put("a/memory.current", "700000\n");
  put("a/memory.stat", "anon 5\nactive_file 9\ninactive_file 200000\n");
  const auto room = group_room(view("0::/a/b\n"));
  ASSERT_TRUE(room);
  EXPECT_EQ(room->left.value, 500'000U);
  EXPECT_EQ(room->limit.value, 1'000'000U);
  EXPECT_EQ(room->group, root_ / "a");
  put("a/b/memory.high", "300000\n");
  put("a/b/memory.current", "100000\n");
  EXPECT_EQ(group_room(view("0::/a/b\n"))->left.value, 200'000U) << "slowed down beyond high";
  put("a/b/memory.current", "400000\n");
  EXPECT_EQ(group_room(view("0::/a/b\n"))->left.value, 0U);
  EXPECT_FALSE(group_room(view("0::/other\n"))) << "no limit is no room";
}

TEST_F(CgroupTest, Version1TheLeastThatItsOwnAndTheGroupsAboveLeave) {
  const std::string none = "9223372036854771712\n";
  put("memory/memory.limit_in_bytes", none);
  put("memory/a/memory.limit_in_bytes", "800000\n");
  put("memory/a/memory.usage_in_bytes", "500000\n");
  put("memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 100000\n");
  put("memory/a/b/memory.limit_in_bytes", none);
  const auto room = group_room(view("7:pids:/\n4:memory:/a/b\n0::/\n"));
  ASSERT_TRUE(room);
  EXPECT_EQ(room->left.value, 400'000U);
  EXPECT_FALSE(group_room(view("4:memory:/\n")));
}

TEST_F(CgroupTest, InAContainerItsOwnGroupIsTheRootThatItSees) {
  put("memory/memory.limit_in_bytes", "600000\n");
  put("memory/memory.usage_in_bytes", "200000\n");
  const auto room = group_room(view("4:memory:/docker/0123\n"));
  ASSERT_TRUE(room);
  EXPECT_EQ(room->left.value, 400'000U);
}

TEST_F(CgroupTest, SwapIsForbiddenByAGroupAboveToo) {
  put("cgroup.controllers", "memory");
  put("a/b/memory.swap.max", "max\n");
  put("a/memory.swap.max", "max\n");
  EXPECT_FALSE(group_forbids_swap(view("0::/a/b\n")));
  put("a/memory.swap.max", "0\n");
  EXPECT_TRUE(group_forbids_swap(view("0::/a/b\n")));
  EXPECT_FALSE(group_forbids_swap(view("0::/other\n")));
}

TEST_F(CgroupTest, NotFoundSaysWhy) {
  EXPECT_NE(find_cgroup_place(view(), "").missing.find("no control groups"), std::string::npos);
  put("memory/cgroup.procs");
  EXPECT_NE(find_cgroup_place(view(), "a").missing.find("'pids'"), std::string::npos);
  make_v1("a");
  EXPECT_NE(find_cgroup_place(view(), "absent").missing.find("may not make groups"),
            std::string::npos);
  EXPECT_NE(find_cgroup_place(view(), "../x").missing.find("'..'"), std::string::npos);
}

TEST_F(CgroupTest, Version2BesideTheOwnGroup) {
  make_v2("demo/alice", "memory pids\n");
  const auto place = find_cgroup_place(view("0::/demo/alice/client\n"), "");
  ASSERT_TRUE(place.found()) << place.missing;
  EXPECT_EQ(place.version, CgroupVersion::kV2);
  EXPECT_EQ(place.relative, "demo/alice");
  EXPECT_EQ(place.folders("x"), (std::vector<fs::path>{root_ / "demo/alice/x"}));
}

TEST_F(CgroupTest, Version2NeedsTheControllers) {
  make_v2("demo/alice", "memory\n");
  const auto place = find_cgroup_place(view(), "demo/alice");
  EXPECT_FALSE(place.found());
  EXPECT_NE(place.missing.find("'pids'"), std::string::npos);
}

TEST_F(CgroupTest, Version1LimitsAreWritten) {
  make_v1("a");
  const auto place = find_cgroup_place(view(), "a");
  Limits limits;
  limits.memory = mebibytes(64);
  limits.pids = 10;
  const auto group = RunGroup::create(place, "run-l--n", limits, false);
  ASSERT_TRUE(group.ok()) << group.error().text();
  EXPECT_EQ(get("memory/a/run-l--n/memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(get("memory/a/run-l--n/memory.memsw.limit_in_bytes"), "67108864");
  EXPECT_EQ(get("pids/a/run-l--n/pids.max"), "10");
  EXPECT_EQ(group->absolute_name(), "/a/run-l--n");
  EXPECT_EQ(group->join_files().size(), 2u);
  put("memory/a/run-l--n/memory.max_usage_in_bytes", "4096\n");
  EXPECT_EQ(group->peak_memory().value, 4096u);
}

TEST_F(CgroupTest, EngineInsideGetsAnAllowance) {
  make_v1("a");
  Limits limits;
  limits.memory = mebibytes(64);
  limits.pids = 10;
  ASSERT_TRUE(RunGroup::create(find_cgroup_place(view(), "a"), "r", limits, true).ok());
  EXPECT_EQ(get("memory/a/r/memory.limit_in_bytes"), std::to_string((64u + 48u) << 20));
  EXPECT_EQ(get("pids/a/r/pids.max"), "74");
}

TEST_F(CgroupTest, Version2LimitsAndEvents) {
  make_v2("a", "cpu memory pids");
  Limits limits;
  limits.memory = mebibytes(100);
  limits.cpus = 1.5;
  put("a/r/cpu.max", "max 100000\n");
  const auto group = RunGroup::create(find_cgroup_place(view(), "a"), "r", limits, false);
  ASSERT_TRUE(group.ok()) << group.error().text();
  EXPECT_EQ(get("a/r/memory.max"), "104857600");
  EXPECT_EQ(get("a/r/memory.swap.max"), "0");
  EXPECT_EQ(get("a/r/pids.max"), "256");
  EXPECT_EQ(get("a/r/cpu.max").substr(0, 13), "150000 100000");
  EXPECT_EQ(group->out_of_memory_events(), 0u);
  put("a/r/memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 0\n");
  EXPECT_EQ(group->out_of_memory_events(), 3u);
  put("a/r/memory.peak", "12345\n");
  EXPECT_EQ(group->peak_memory().value, 12345u);
}

TEST_F(CgroupTest, UnwritableLimitIsAnErrorWithAdvice) {
  make_v1("a");
  fs::create_directories(root_ / "memory/a/r/memory.limit_in_bytes");  // a folder cannot be written
  const auto group = RunGroup::create(find_cgroup_place(view(), "a"), "r", {}, false);
  ASSERT_FALSE(group.ok());
  EXPECT_EQ(group.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(group.error().text().find("memory.limit_in_bytes"), std::string::npos);
  EXPECT_NE(group.error().advice.find("cgroup-delegate"), std::string::npos);
}

TEST_F(CgroupTest, StaleGroupsGoLivingOnesStay) {
  make_v1("a");
  for (const char* hierarchy : {"memory", "pids"}) {
    fs::create_directories(root_ / hierarchy / "a/run-dead--x/inner");
    fs::create_directories(root_ / hierarchy / "a/run-live--y");
    fs::create_directories(root_ / hierarchy / "a/other");
  }
  const auto place = find_cgroup_place(view(), "a");
  // An engine made the groups of other hierarchies.
  fs::create_directories(root_ / "blkio/a/run-dead--x");
  fs::create_directories(root_ / "blkio/a/run-live--y");
  const auto everywhere = place.folders_everywhere("run-dead--x");
  EXPECT_THAT(everywhere, ::testing::Contains(root_ / "blkio/a/run-dead--x"));
  EXPECT_THAT(everywhere, ::testing::Contains(root_ / "pids/a/run-dead--x"));
  EXPECT_EQ(remove_stale_groups(place, [](std::string_view lease) { return lease == "live"; }), 3);
  EXPECT_FALSE(fs::exists(root_ / "blkio/a/run-dead--x"));
  EXPECT_TRUE(fs::exists(root_ / "blkio/a/run-live--y"));
  EXPECT_FALSE(fs::exists(root_ / "memory/a/run-dead--x"));
  EXPECT_TRUE(fs::exists(root_ / "pids/a/run-live--y"));
  EXPECT_TRUE(fs::exists(root_ / "pids/a/other"));
}

/// A child that sleeps; as in a container with a pid namespace of its own, -1 if none may be made.
pid_t sleeping_child(bool contained) {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t outer = ::fork();
  if (outer == 0) {
    // The namespace begins with the next child, whose pid the test is told.
    if (contained && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) ::_exit(1);
    const pid_t inner = ::fork();
    if (inner == 0) {
      ::pause();
      ::_exit(0);
    }
    (void)!::write(ready[1], &inner, sizeof(inner));
    ::_exit(0);
  }
  ::close(ready[1]);
  pid_t inner = -1;
  if (::read(ready[0], &inner, sizeof(inner)) != sizeof(inner)) inner = -1;
  ::close(ready[0]);
  ::waitpid(outer, nullptr, 0);
  return inner;
}

bool ends(pid_t pid) {
  for (int i = 0; i < 6000; ++i) {
    const auto status = read_file("/proc/" + std::to_string(pid) + "/stat", Bytes{64u << 10});
    if (!status.ok() || status->find(") Z ") != std::string::npos) return true;
    ::usleep(10'000);
  }
  return false;
}

TEST_F(CgroupTest, EndsTheContainerAndNotItsEngine) {
  const pid_t engine = sleeping_child(false);
  const pid_t container = sleeping_child(true);
  if (container < 0) {
    ::kill(engine, SIGKILL);
    GTEST_SKIP() << "no pid namespace may be made here";
  }
  make_v1("demo");
  const auto group =
      RunGroup::create(find_cgroup_place(view(), "demo"), "run-1--x", Limits{}, true);
  ASSERT_TRUE(group.ok()) << group.error().text();
  EXPECT_EQ(group->end_container(), 0);
  put("memory/demo/run-1--x/cgroup.procs", std::to_string(engine) + "\n");
  put("memory/demo/run-1--x/libpod-1/cgroup.procs", std::to_string(container) + "\n");
  EXPECT_EQ(group->end_container(), 1);
  EXPECT_TRUE(ends(container));
  EXPECT_EQ(::kill(engine, 0), 0);
  ::kill(engine, SIGKILL);
}

TEST(GroupName, KeepsToSafeCharacters) {
  EXPECT_EQ(group_name("l-1", "n.2"), "run-l-1--n.2");
  EXPECT_EQ(group_name("../x", "a b"), "run-.._x--a_b");
  EXPECT_LE(group_name(std::string(500, 'a'), "b").size(), 200u);
}

}  // namespace
}  // namespace medperf::engine
