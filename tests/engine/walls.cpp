// A runner with real containers: every wall, every way to end, a killed client, left-overs.
// walls.sh gives MEDPERF_KIND (of engine), MEDPERF_PROBE (program), MEDPERF_STORE (folder) and, for
// an ordinary user, MEDPERF_CGROUP.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/process.h"
#include "engine/choice.h"
#include "engine/limits/cgroup.h"
#include "engine/podman/podman.h"
#include "engine/probe/probe_image.h"

namespace medperf::engine {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

EngineOptions options() {
  EngineOptions out;
  out.storage = variable("MEDPERF_STORE");
  out.probe_program = variable("MEDPERF_PROBE");
  out.cgroup_root = variable("MEDPERF_CGROUP");
  return out;
}

EngineKind kind() {
  const auto parsed = parse_engine_kind(variable("MEDPERF_KIND"));
  return parsed.ok() ? *parsed : EngineKind::kPodman;
}
Result<std::unique_ptr<Engine>> open_one(const EngineOptions& with) {
  return open_engine(kind(), with);
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

class Walls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto opened = open_one(options());
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    engine_ = std::move(*opened);
    const auto program = read_file(variable("MEDPERF_PROBE"), mebibytes(64));
    ASSERT_TRUE(program.ok());
    built_ = build_image("medperf-probe", *program);
    archive_ = fs::path(variable("MEDPERF_STORE")).parent_path() / "probe.tar";
    ASSERT_TRUE(write_file_atomically(archive_, built_.archive).ok());
    const auto loaded = engine_->load(archive_, built_.image);
    ASSERT_TRUE(loaded.ok()) << loaded.error().text() << loaded.error().cause;
  }
  static void TearDownTestSuite() { engine_.reset(); }
  void SetUp() override { ASSERT_NE(engine_, nullptr); }

  static RunSpec spec(const std::string& name, std::vector<std::string> command) {
    RunSpec out;
    out.image = built_.image;
    out.name = "walls-" + std::to_string(::getpid()) + "-" + name;
    out.lease = "walls";
    out.command = std::move(command);
    out.limits.memory = mebibytes(256);
    out.limits.wall = Seconds{60};
    return out;
  }
  static fs::path folder(const std::string& name) {
    const fs::path path = archive_.parent_path() / name;
    EXPECT_TRUE(make_private_folder(path).ok());
    return path;
  }
  static RunOutcome run(const RunSpec& spec) {
    auto outcome = engine_->run(spec);
    EXPECT_TRUE(outcome.ok()) << outcome.error().text() << " " << outcome.error().cause;
    return outcome.ok() ? *outcome : RunOutcome{};
  }
  static CgroupPlace place() {
    const auto self = read_file("/proc/self/cgroup");
    return find_cgroup_place({"/sys/fs/cgroup", self.ok() ? *self : "", ::geteuid() == 0},
                             variable("MEDPERF_CGROUP"));
  }

  static std::unique_ptr<Engine> engine_;
  static BuiltImage built_;
  static fs::path archive_;
};
std::unique_ptr<Engine> Walls::engine_;
BuiltImage Walls::built_;
fs::path Walls::archive_;

TEST_F(Walls, EachIsProved) {
  const auto start = SteadyClock::now();
  const auto report = engine_->probe();
  ASSERT_TRUE(report.ok()) << report.error().text() << report.error().cause;
  std::printf("%s: %.1f s\n", report->engine.c_str(), seconds_since(start));
  for (const auto& wall : report->walls) {
    std::printf("  %-18s %s\n", wall.name.c_str(), wall.proof.c_str());
    EXPECT_TRUE(wall.stands) << wall.name << ": " << wall.reason;
  }
  EXPECT_EQ(report->walls.size(), 10u);
  EXPECT_TRUE(report->all_stand());
}

TEST_F(Walls, NoRunWithoutLimits) {
  auto without = options();
  without.cgroup_root = "medperf-absent/nobody";
  auto engine = open_one(without);
  ASSERT_TRUE(engine.ok());
  const auto outcome = (*engine)->run(spec("nolimits", {"exit", "0"}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRefused);
  EXPECT_NE(outcome.error().advice.find("cgroup-delegate"), std::string::npos);
}

TEST_F(Walls, ProbeSaysPreciselyWhichLimitsDoNotHold) {
  auto without = options();
  without.cgroup_root = "medperf-absent/nobody";
  auto engine = open_one(without);
  ASSERT_TRUE(engine.ok());
  if (::geteuid() != 0 || kind() == EngineKind::kBuiltin) {
    const auto report = (*engine)->probe();
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(report->find("network")->stands);
    EXPECT_FALSE(report->find("memory")->stands);
    EXPECT_FALSE(report->find("pids")->stands);
    EXPECT_NE(report->find("memory")->reason.find("medperf-absent"), std::string::npos);
  }
}

TEST_F(Walls, OutputsAreWrittenAndLogged) {
  auto good = spec("good", {"report"});
  good.log_file = archive_.parent_path() / "logs" / "run.log";
  const auto input = folder("input");
  fs::permissions(input, fs::perms(0755));
  good.mounts = {{input, "/input", false}, {folder("output, odd \"name\""), "/output", true}};
  const auto outcome = run(good);
  EXPECT_EQ(outcome.end, RunEnd::kSuccess) << outcome.reason << outcome.log_tail;
  EXPECT_NE(outcome.log_tail.find("\"output\":\"written\""), std::string::npos) << outcome.log_tail;
  EXPECT_NE(outcome.log_tail.find("\"input\":\"EROFS\""), std::string::npos);
  const auto log = read_file(good.log_file);
  ASSERT_TRUE(log.ok());
  EXPECT_NE(log->find("\"seccomp\":\"2\""), std::string::npos);
  EXPECT_GT(outcome.peak_memory.value, 0u);
}

TEST_F(Walls, EndsAreToldApart) {
  const auto failed = run(spec("failed", {"exit", "42"}));
  EXPECT_EQ(failed.end, RunEnd::kFailed);
  EXPECT_EQ(failed.exit_code, 42);
  EXPECT_EQ(run(spec("own125", {"exit", "125"})).end, RunEnd::kFailed);
  EXPECT_EQ(run(spec("own137", {"exit", "137"})).end, RunEnd::kKilled);
  const auto crashed = run(spec("crashed", {"raise", "11"}));
  EXPECT_EQ(crashed.end, RunEnd::kFailed);
  EXPECT_NE(crashed.reason.find("signal 11"), std::string::npos) << crashed.reason;
  auto memory = spec("memory", {"touch", "400"});
  memory.limits.memory = mebibytes(64);
  const auto full = run(memory);
  EXPECT_EQ(full.end, RunEnd::kOutOfMemory) << full.reason;
  auto enough = spec("enough", {"touch", "100"});
  EXPECT_EQ(run(enough).end, RunEnd::kSuccess);
  auto absent = spec("absent", {});
  absent.entrypoint = "/no/such/program";
  const auto none = run(absent);
  EXPECT_EQ(none.end, RunEnd::kFailed);
  EXPECT_NE(none.reason.find("could not be started"), std::string::npos)
      << none.reason << none.log_tail;
}

TEST_F(Walls, TimeIsLimited) {
  auto slow = spec("slow", {"sleep", "60"});
  slow.limits.wall = Seconds{1};
  const auto start = SteadyClock::now();
  EXPECT_EQ(run(slow).end, RunEnd::kTimedOut);
  EXPECT_LT(seconds_since(start), 45.0);
}

TEST_F(Walls, WrittenBytesAreLimited) {
  auto many = spec("many", {"write", "64"});
  many.mounts = {{folder("many"), "/output", true}};
  many.limits.output = mebibytes(8);
  const auto start = SteadyClock::now();
  const auto outcome = run(many);
  EXPECT_EQ(outcome.end, RunEnd::kKilled) << outcome.log_tail;
  EXPECT_NE(outcome.reason.find("wrote more"), std::string::npos) << outcome.reason;
  EXPECT_LT(seconds_since(start), 45.0);
  auto large = spec("large", {"write", "1"});
  large.mounts = {{folder("large"), "/output", true}};
  large.limits.output = Bytes{100'000};
  const auto stopped = run(large);  // RLIMIT_FSIZE: the first file already is too large
  EXPECT_NE(stopped.end, RunEnd::kSuccess);
}

TEST_F(Walls, UnknownImageIsNotPulled) {
  auto unknown = spec("unknown", {"exit", "0"});
  unknown.image = ImageId::parse(std::string(64, 'b')).value();
  const auto outcome = engine_->run(unknown);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kNotFound);
}

TEST_F(Walls, ArchiveOfAnotherImageIsNotKept) {
  const auto other = build_image("medperf-probe", "another program");
  const fs::path path = archive_.parent_path() / "other.tar";
  ASSERT_TRUE(write_file_atomically(path, other.archive).ok());
  const auto loaded = engine_->load(path, ImageId::parse(std::string(64, 'c')).value());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(engine_->has_image(other.image).value());
  ASSERT_TRUE(engine_->load(path, other.image).ok());
  EXPECT_TRUE(engine_->has_image(other.image).value());
  ASSERT_TRUE(engine_->remove_image(other.image).ok());
  EXPECT_FALSE(engine_->has_image(other.image).value());
  ASSERT_TRUE(write_file_atomically(path, "no archive").ok());
  EXPECT_FALSE(engine_->load(path, other.image).ok());
}

TEST_F(Walls, MovedStoreStillWorks) {
  auto first = options();
  first.storage = archive_.parent_path() / "before";
  {
    auto engine = open_one(first);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->load(archive_, built_.image).ok());
  }
  auto second = first;
  second.storage = archive_.parent_path() / "after";
  fs::rename(first.storage, second.storage);
  auto engine = open_one(second);
  ASSERT_TRUE(engine.ok());
  const auto present = (*engine)->has_image(built_.image);
  ASSERT_TRUE(present.ok()) << present.error().text();
  EXPECT_TRUE(*present);
  const auto outcome = (*engine)->run(spec("moved", {"exit", "0"}));
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->end, RunEnd::kSuccess) << outcome->reason;
}

// Clients that come and go at once on one store: each runs, and the last one leaves nothing.
TEST_F(Walls, TheLastClientTakesTheFolderAwayThatPodmanRanWith) {
  if (kind() != EngineKind::kPodman) GTEST_SKIP() << "of podman's folder in /tmp";
  constexpr int kClients = 3, kRounds = 3;
  auto apart = options();
  apart.storage = archive_.parent_path() / "apart";
  const fs::path folder = RunFolder::path_for(apart.storage);
  {
    auto engine = open_one(apart);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->load(archive_, built_.image).ok());
    EXPECT_TRUE(fs::exists(folder));
  }
  EXPECT_FALSE(fs::exists(folder));
  std::vector<pid_t> clients;
  for (int i = 0; i < kClients; ++i) {
    const pid_t client = ::fork();
    if (client == 0) {
      for (int round = 0; round < kRounds; ++round) {
        auto engine = open_one(apart);
        if (!engine.ok()) ::_exit(1);
        const auto outcome = (*engine)->run(
            spec("come-and-go-" + std::to_string(i) + "-" + std::to_string(round), {"exit", "0"}));
        if (!outcome.ok()) std::fprintf(stderr, "%s\n", outcome.error().text().c_str());
        if (!outcome.ok() || outcome->end != RunEnd::kSuccess) ::_exit(2);
      }
      ::_exit(0);
    }
    clients.push_back(client);
  }
  for (const pid_t client : clients) {
    int status = -1;
    ASSERT_EQ(::waitpid(client, &status, 0), client);
    EXPECT_EQ(status, 0);
  }
  EXPECT_FALSE(fs::exists(folder));
}

// As a load leaves it that was killed before its last step.
TEST_F(Walls, HalfLoadedImageIsRemovedAndCanBeLoadedAgain) {
  if (kind() != EngineKind::kPodman) GTEST_SKIP() << "of podman's store";
  auto apart = options();
  apart.storage = archive_.parent_path() / "half";
  {
    auto engine = open_one(apart);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->load(archive_, built_.image).ok());
  }
  int removed = 0;
  for (const auto& entry : fs::recursive_directory_iterator(apart.storage)) {
    if (entry.path().filename() == "manifest") removed += fs::remove(entry.path()) ? 1 : 0;
  }
  ASSERT_EQ(removed, 1);
  auto engine = open_one(apart);
  ASSERT_TRUE(engine.ok());
  const auto present = (*engine)->has_image(built_.image);
  ASSERT_TRUE(present.ok()) << present.error().text();
  EXPECT_FALSE(*present);
  ASSERT_TRUE((*engine)->load(archive_, built_.image).ok());
  const auto outcome = (*engine)->run(spec("half", {"exit", "0"}));
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->end, RunEnd::kSuccess) << outcome->reason;
}

TEST_F(Walls, OwnTimeIsSmall) {
  double own = 0;
  for (int i = 0; i < 5; ++i) {
    const auto start = SteadyClock::now();
    const auto outcome = run(spec("quick" + std::to_string(i), {"exit", "0"}));
    own += seconds_since(start) - outcome.wall.count();
    if (i == 4)
      std::printf("  the engine's own time of the last run %.0f ms\n", 1e3 * outcome.wall.count());
  }
  std::printf("  the runner's own time per run: %.1f ms\n", 1e3 * own / 5);
  EXPECT_LT(own / 5, 10.0);
}

constexpr int kTooEarly = 2;  // exit code of a child whose stop came before its run had started

TEST_F(Walls, StopRequestEndsTheRun) {
  int status = 0;
  // A crowded machine may take longer until something runs that can be stopped.
  for (const int seconds : {2, 10, 40}) {
    // In a process of its own: a stop request cannot be taken back.
    const pid_t child = ::fork();
    if (child == 0) {
      auto engine = open_one(options());
      std::thread stopper([seconds] {
        std::this_thread::sleep_for(std::chrono::seconds(seconds));
        request_stop();
      });
      const auto outcome = (*engine)->run(spec("stopped", {"sleep", "60"}));
      stopper.join();
      if (!outcome.ok()) ::_exit(outcome.error().kind == ErrorKind::kInterrupted ? kTooEarly : 1);
      ::_exit(outcome->end == RunEnd::kInterrupted && outcome->wall < Seconds{45} ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != kTooEarly) break;
  }
  EXPECT_EQ(status, 0);
  EXPECT_EQ(engine_->sweep([](std::string_view) { return false; }).value(), 0);
}

TEST_F(Walls, KilledClientLeavesNothing) {
  double longest = 0;
  for (const int delay : {20, 100, 250, 500, 1000, 2000}) {
    const auto run_spec = spec("orphan" + std::to_string(delay), {"sleep", "60"});
    const auto groups = place().folders_everywhere(group_name(run_spec.lease, run_spec.name));
    const auto there = [&] {
      return std::any_of(groups.begin(), groups.end(), [](const auto& f) { return fs::exists(f); });
    };
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();
      auto engine = open_one(options());
      if (engine.ok()) (void)(*engine)->run(run_spec).ok();
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const auto start = SteadyClock::now();
    // The guard removes the last of them when all else is done.
    while (there() && seconds_since(start) < 60) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    longest = std::max(longest, seconds_since(start));
    EXPECT_FALSE(there()) << "killed after " << delay << " ms";
    EXPECT_EQ(engine_->sweep([](std::string_view) { return false; }).value(), 0) << delay;
  }
  std::printf("  everything was gone after at most %.2f s\n", longest);
}

// Processes in a run's group whose client, and whose guard, are gone.
TEST_F(Walls, SweepEndsGroupsOfTheDeadOnly) {
  if (kind() != EngineKind::kBuiltin) GTEST_SKIP() << "podman lists its containers";
  std::vector<pid_t> children;
  for (const char* lease : {"dead", "living"}) {
    auto group = RunGroup::create(place(), group_name(lease, "walls"), Limits{}, false);
    ASSERT_TRUE(group.ok()) << group.error().text();
    const auto files = group->join_files();
    int joined[2];
    ASSERT_EQ(::pipe(joined), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (const auto& file : files) std::ofstream(file) << "0" << std::flush;
      if (::write(joined[1], "x", 1) == 1) ::pause();
      ::_exit(0);
    }
    ::close(joined[1]);
    char word = 0;
    EXPECT_EQ(::read(joined[0], &word, 1), 1);
    ::close(joined[0]);
    children.push_back(child);
  }
  const auto living = [](std::string_view lease) { return lease == "living"; };
  std::thread reaper([&] { ::waitpid(children[0], nullptr, 0); });
  EXPECT_EQ(engine_->sweep(living).value(), 1);
  reaper.join();
  EXPECT_EQ(::kill(children[1], 0), 0);
  EXPECT_EQ(engine_->sweep(living).value(), 0);
  reaper = std::thread([&] { ::waitpid(children[1], nullptr, 0); });
  EXPECT_EQ(engine_->sweep([](std::string_view) { return false; }).value(), 1);
  reaper.join();
  EXPECT_FALSE(fs::exists(place().folders(group_name("living", "walls")).front()));
}

TEST_F(Walls, SweepRemovesTheDeadOnly) {
  if (kind() != EngineKind::kPodman) GTEST_SKIP() << "of podman's list of containers";
  const PodmanSetup& setup = static_cast<PodmanEngine&>(*engine_).setup();
  for (const char* lease : {"dead", "living"}) {
    const auto started = setup.podman(
        {"run", "--detach", "--network=none", "--name", std::string("sweep-") + lease, "--label",
         std::string("org.medperf.lease=") + lease, "--ulimit=nofile=1024:1024",
         "--ulimit=nproc=1024:1024", built_.image.prefixed(), "sleep", "60"},
        Seconds{60});
    ASSERT_TRUE(started.ok() && started->success())
        << (started.ok() ? started->errors : started.error().text());
  }
  const auto living = [](std::string_view lease) { return lease == "living"; };
  EXPECT_EQ(engine_->sweep(living).value(), 1);
  EXPECT_EQ(engine_->sweep(living).value(), 0);
  EXPECT_EQ(engine_->sweep([](std::string_view) { return false; }).value(), 1);
}

}  // namespace
}  // namespace medperf::engine

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (std::getenv("MEDPERF_STORE") == nullptr) {
    std::puts("MEDPERF_STORE is not set: start this by tests/engine/walls.sh");
    return 2;
  }
  return RUN_ALL_TESTS();
}
