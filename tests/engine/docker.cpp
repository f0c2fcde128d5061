// What is docker's own, against a real daemon: loads without tags, ends from its state, a killed
// client, left-overs. docker.sh gives MEDPERF_PROBE, MEDPERF_STORE and DOCKER_HOST.
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/encoding.h"
#include "engine/docker/docker.h"
#include "engine/probe/probe_image.h"
#include "engine/tests/archive_maker.h"

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
  out.environment["DOCKER_HOST"] = variable("DOCKER_HOST");
  return out;
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

class Docker : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto opened = open_docker(options());
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    engine_ = std::move(*opened);
    const auto program = read_file(variable("MEDPERF_PROBE"), mebibytes(64));
    ASSERT_TRUE(program.ok());
    built_ = build_image("medperf-probe", *program);
    folder_ = fs::path(variable("MEDPERF_STORE")).parent_path() /
              ("docker-" + std::to_string(::getpid()));
    ASSERT_TRUE(make_private_folder(folder_).ok());
    ASSERT_TRUE(write_file_atomically(folder_ / "probe.tar", built_.archive).ok());
    const auto loaded = engine_->load(folder_ / "probe.tar", built_.image);
    ASSERT_TRUE(loaded.ok()) << loaded.error().text() << loaded.error().cause;
  }
  static void TearDownTestSuite() {
    engine_.reset();
    (void)remove_tree(folder_).ok();
  }
  void SetUp() override { ASSERT_NE(engine_, nullptr); }

  static RunSpec spec(const std::string& name, std::vector<std::string> command) {
    RunSpec out;
    out.image = built_.image;
    out.name = "docker-" + std::to_string(::getpid()) + "-" + name;
    out.lease = "docker-" + std::to_string(::getpid());
    out.command = std::move(command);
    out.limits.memory = mebibytes(256);
    out.limits.wall = Seconds{60};
    return out;
  }
  static fs::path folder(const std::string& name) {
    EXPECT_TRUE(make_private_folder(folder_ / name).ok());
    return folder_ / name;
  }
  static RunOutcome run(const RunSpec& spec) {
    auto outcome = engine_->run(spec);
    EXPECT_TRUE(outcome.ok()) << outcome.error().text() << " " << outcome.error().cause;
    return outcome.ok() ? *outcome : RunOutcome{};
  }
  static std::string docker(std::initializer_list<std::string_view> words) {
    const auto outcome = static_cast<DockerEngine&>(*engine_).setup().docker(words, Seconds{60});
    EXPECT_TRUE(outcome.ok());
    return outcome.ok() ? std::string(trim(outcome->output)) : std::string();
  }
  static std::string containers() { return docker({"ps", "--all", "--quiet"}); }

  static std::unique_ptr<Engine> engine_;
  static BuiltImage built_;
  static fs::path folder_;
};
std::unique_ptr<Engine> Docker::engine_;
BuiltImage Docker::built_;
fs::path Docker::folder_;

TEST_F(Docker, EachWallIsProved) {
  const auto report = engine_->probe();
  ASSERT_TRUE(report.ok()) << report.error().text() << report.error().cause;
  std::printf("%s\n", report->engine.c_str());
  for (const auto& wall : report->walls) {
    std::printf("  %-18s %s\n", wall.name.c_str(), wall.proof.c_str());
    EXPECT_TRUE(wall.stands) << wall.name << ": " << wall.reason;
  }
  EXPECT_EQ(report->walls.size(), 10u);
}

TEST_F(Docker, OutputsAreWrittenAndLogged) {
  auto good = spec("good", {"report"});
  good.log_file = folder_ / "logs" / "run.log";
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
}

TEST_F(Docker, EndsAreToldApart) {
  const auto failed = run(spec("failed", {"exit", "42"}));
  EXPECT_EQ(failed.end, RunEnd::kFailed);
  EXPECT_EQ(failed.exit_code, 42);
  EXPECT_EQ(run(spec("own125", {"exit", "125"})).end, RunEnd::kFailed);
  EXPECT_EQ(run(spec("own137", {"exit", "137"})).end, RunEnd::kKilled);
  const auto crashed = run(spec("crashed", {"raise", "11"}));
  EXPECT_NE(crashed.reason.find("signal 11"), std::string::npos) << crashed.reason;
  auto memory = spec("memory", {"touch", "400"});
  memory.limits.memory = mebibytes(64);
  const auto out = run(memory);
  EXPECT_EQ(out.end, RunEnd::kOutOfMemory) << out.reason;
  const auto enough = run(spec("enough", {"touch", "100"}));
  EXPECT_EQ(enough.end, RunEnd::kSuccess) << enough.reason;
  // The suite runs it as root, on a machine with groups of version 1.
  if (::geteuid() == 0 && fs::exists("/sys/fs/cgroup/memory")) {
    EXPECT_GE(out.peak_memory.value, mebibytes(60).value);
    EXPECT_LE(out.peak_memory.value, mebibytes(64).value);
    EXPECT_GE(enough.peak_memory.value, mebibytes(100).value);
  }
  auto absent = spec("absent", {});
  absent.entrypoint = "/no/such/program";
  const auto none = run(absent);
  EXPECT_EQ(none.end, RunEnd::kFailed);
  EXPECT_NE(none.reason.find("could not be started"), std::string::npos)
      << none.reason << none.log_tail;
  EXPECT_EQ(containers(), "");
}

TEST_F(Docker, TimeAndBytesAreLimited) {
  auto slow = spec("slow", {"stubborn", "60"});
  slow.limits.wall = Seconds{1};
  const auto start = SteadyClock::now();
  EXPECT_EQ(run(slow).end, RunEnd::kTimedOut);
  EXPECT_LT(seconds_since(start), 45.0);  // of 60
  auto many = spec("many", {"write", "64"});
  many.mounts = {{folder("many"), "/output", true}};
  many.limits.output = mebibytes(8);
  const auto outcome = run(many);
  EXPECT_EQ(outcome.end, RunEnd::kKilled) << outcome.log_tail;
  EXPECT_EQ(containers(), "");
}

TEST_F(Docker, UnknownImageIsNotPulled) {
  auto unknown = spec("unknown", {"exit", "0"});
  unknown.image = ImageId::parse(std::string(64, 'b')).value();
  const auto outcome = engine_->run(unknown);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kNotFound);
}

// An archive's tags must not replace the tags of the machine's other images.
TEST_F(Docker, LoadsNoTags) {
  const auto theirs = build_image("theirs", "another program");
  ASSERT_TRUE(write_file_atomically(folder_ / "theirs.tar", theirs.archive).ok());
  ASSERT_TRUE(engine_->load(folder_ / "theirs.tar", theirs.image).ok());
  docker({"tag", theirs.image.prefixed(), "hospital/app:latest"});
  testing::ImageMaker maker;
  maker.tags = {"hospital/app:latest"};
  ASSERT_TRUE(write_file_atomically(folder_ / "tagged.tar", maker.docker()).ok());
  const auto other = ImageId::parse(maker.id()).value();
  ASSERT_TRUE(engine_->load(folder_ / "tagged.tar", other).ok());
  EXPECT_TRUE(engine_->has_image(other).value());
  EXPECT_EQ(docker({"image", "inspect", "--format", "{{.Id}}", "hospital/app:latest"}),
            theirs.image.prefixed());
  EXPECT_TRUE(engine_->remove_image(other).ok());
  EXPECT_FALSE(engine_->has_image(other).value());
  // What is tagged is used by others too.
  EXPECT_TRUE(engine_->remove_image(theirs.image).ok());
  EXPECT_TRUE(engine_->has_image(theirs.image).value());
  docker({"rmi", "hospital/app:latest"});
}

TEST_F(Docker, TakesOciArchives) {
  testing::ImageMaker maker;
  maker.layers = {testing::tar_of({{"oci", "layer"}})};
  ASSERT_TRUE(write_file_atomically(folder_ / "oci.tar", maker.oci()).ok());
  const auto image = ImageId::parse(maker.id()).value();
  const auto loaded = engine_->load(folder_ / "oci.tar", image);
  ASSERT_TRUE(loaded.ok()) << loaded.error().text() << loaded.error().cause;
  EXPECT_TRUE(engine_->has_image(image).value());
  EXPECT_TRUE(engine_->remove_image(image).ok());
}

TEST_F(Docker, ArchiveOfAnotherImageIsNotKept) {
  const auto other = build_image("medperf-probe", "another program");
  const fs::path path = folder_ / "other.tar";
  ASSERT_TRUE(write_file_atomically(path, other.archive).ok());
  const auto loaded = engine_->load(path, ImageId::parse(std::string(64, 'c')).value());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(engine_->has_image(other.image).value());
  ASSERT_TRUE(write_file_atomically(path, "no archive").ok());
  EXPECT_FALSE(engine_->load(path, other.image).ok());
}

TEST_F(Docker, VolumesOfTheImageAreLimited) {
  testing::ImageMaker maker;
  const auto program = read_file(variable("MEDPERF_PROBE"), mebibytes(64));
  maker.layers = {tar_entry("medperf-probe", *program, 0755) + tar_end()};
  maker.run = Json::object({{"Entrypoint", Json::array({"/medperf-probe"})},
                            {"Volumes", Json::object({{"/output", Json::object()}})}});
  ASSERT_TRUE(write_file_atomically(folder_ / "volume.tar", maker.docker()).ok());
  auto fills = spec("volume", {"large", "64"});
  fills.limits.temporary = mebibytes(8);
  fills.image = ImageId::parse(maker.id()).value();
  ASSERT_TRUE(engine_->load(folder_ / "volume.tar", fills.image).ok());
  const auto outcome = run(fills);
  EXPECT_EQ(outcome.end, RunEnd::kFailed);
  EXPECT_NE(outcome.log_tail.find("ENOSPC"), std::string::npos) << outcome.log_tail;
  EXPECT_EQ(docker({"volume", "ls", "--quiet"}), "");
  EXPECT_TRUE(engine_->remove_image(fills.image).ok());
}

TEST_F(Docker, KilledClientLeavesNothing) {
  double longest = 0;
  for (const int delay : {30, 150, 300, 600, 1200}) {
    const auto run_spec = spec("orphan" + std::to_string(delay), {"sleep", "60"});
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();
      auto engine = open_docker(options());
      if (engine.ok()) (void)(*engine)->run(run_spec).ok();
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    // What was on its way to the daemon may still appear: gone means gone for a while.
    const auto start = SteadyClock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    std::string left = containers();
    while (!left.empty() && seconds_since(start) < 60) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      left = containers();
    }
    longest = std::max(longest, seconds_since(start));
    EXPECT_EQ(left, "") << "killed after " << delay << " ms";
  }
  EXPECT_EQ(containers(), "");
  std::printf("  everything was gone after at most %.2f s\n", longest);
}

TEST_F(Docker, SweepRemovesTheDeadOnly) {
  for (const char* lease : {"dead", "living"}) {
    docker({"run", "--detach", "--network=none", "--name", std::string("sweep-") + lease, "--label",
            std::string("org.medperf.lease=") + lease, built_.image.prefixed(), "sleep", "60"});
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
  if (std::getenv("MEDPERF_STORE") == nullptr || std::getenv("DOCKER_HOST") == nullptr) {
    std::puts("MEDPERF_STORE or DOCKER_HOST is not set: start this by tests/engine/docker.sh");
    return 2;
  }
  return RUN_ALL_TESTS();
}
