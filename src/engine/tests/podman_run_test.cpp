#include "engine/podman/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/limits/run_watch.h"

namespace medperf::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

PodmanSetup rootless_setup() {
  PodmanSetup setup;
  setup.options.storage = "/s";
  setup.running = "/s/run";
  setup.uid = 1001;
  setup.gid = 1002;
  setup.machine = CgroupVersion::kV1;
  setup.mode = LimitMode::kJoin;
  setup.runtime = "runc";
  setup.driver = "overlay";
  setup.seccomp = "/usr/share/containers/seccomp.json";
  return setup;
}

RunSpec a_spec() {
  RunSpec spec;
  spec.image = ImageId::parse(std::string(64, 'a')).value();
  spec.name = "run-1";
  spec.lease = "lease-1";
  spec.command = {"infer", "--fast"};
  spec.mounts = {{"/tmp", "/in", false}};
  return spec;
}

TEST(RunArguments, EveryWallIsThere) {
  const auto words = run_arguments(a_spec(), rootless_setup(), "");
  for (const char* wall :
       {"--network=none", "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL",
        "--image-volume=tmpfs", "--pull=never", "--security-opt=no-new-privileges",
        "--security-opt=seccomp=/usr/share/containers/seccomp.json", "--userns=keep-id",
        "--user=1001:1002", "--init", "--log-driver=none", "--label=org.medperf.lease=lease-1",
        "--ipc=private", "--pid=private", "--ulimit=core=0:0"}) {
    EXPECT_THAT(words, Contains(std::string(wall)));
  }
  EXPECT_THAT(words, Contains("--mount=type=bind,source=/tmp,destination=/in,ro=true"));
  // Run by digest alone, and the command comes after it.
  const auto image = std::find(words.begin(), words.end(), "sha256:" + std::string(64, 'a'));
  ASSERT_NE(image, words.end());
  EXPECT_EQ(std::vector<std::string>(image + 1, words.end()),
            (std::vector<std::string>{"infer", "--fast"}));
  for (const auto& word : words) EXPECT_THAT(word, Not(HasSubstr("privileged=")));
}

TEST(RunArguments, RootRunsAsAnotherUserWithTheEnginesLimits) {
  auto setup = rootless_setup();
  setup.rootless = false;
  setup.mode = LimitMode::kParent;
  auto spec = a_spec();
  spec.mounts.push_back({"/tmp", "/out", true});
  spec.limits.memory = mebibytes(1);
  const auto words = run_arguments(spec, setup, "/medperf/run-x");
  EXPECT_THAT(words, Contains("--user=65534:65534"));
  EXPECT_THAT(words, Not(Contains("--userns=keep-id")));
  EXPECT_THAT(words, Contains("--memory=1048576b"));
  EXPECT_THAT(words, Contains("--memory-swap=1048576b"));
  EXPECT_THAT(words, Contains("--pids-limit=256"));
  EXPECT_THAT(words, Contains("--cgroup-parent=/medperf/run-x"));
  EXPECT_THAT(words,
              Contains("--mount=type=bind,source=/tmp,destination=/out,ro=false,chown=true"));
}

TEST(RunArguments, Version2JoinsWithoutGroupsOfItsOwn) {
  auto setup = rootless_setup();
  setup.machine = CgroupVersion::kV2;
  EXPECT_THAT(run_arguments(a_spec(), setup, ""), Contains("--cgroups=disabled"));
}

TEST(RunArguments, OddPathsStayOneField) {
  auto spec = a_spec();
  spec.mounts = {{"/tmp/a,ro=false", "/in", false}, {"/tmp/a:b \"c\"", "/in2", false}};
  const auto words = run_arguments(spec, rootless_setup(), "");
  EXPECT_THAT(words,
              Contains("--mount=type=bind,\"source=/tmp/a,ro=false\",destination=/in,ro=true"));
  EXPECT_THAT(words,
              Contains("--mount=type=bind,\"source=/tmp/a:b \"\"c\"\"\",destination=/in2,ro=true"));
}

TEST(CheckSpec, RefusesWhatCouldSlipThrough) {
  const auto setup = rootless_setup();
  EXPECT_TRUE(check_spec(a_spec(), inside_user(setup)).ok());
  const auto refused = [&](auto change) {
    auto spec = a_spec();
    change(spec);
    return !check_spec(spec, inside_user(setup)).ok();
  };
  EXPECT_TRUE(refused([](RunSpec& s) { s.image = {}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.name = "--privileged"; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.name = ""; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.lease = "a\nb"; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.environment = {{"A=B", "x"}}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.limits.pids = 0; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.limits.wall = Seconds{0}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.mounts = {{"relative", "/in", false}}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.mounts = {{"/tmp", "/", false}}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.mounts = {{"/tmp", "/in/../etc", false}}; }));
  EXPECT_TRUE(refused([](RunSpec& s) { s.mounts = {{"/dev/null", "/in", false}}; }));
  auto spec = a_spec();
  spec.mounts = {{"/no/such/folder", "/in", false}};
  EXPECT_EQ(check_spec(spec, inside_user(setup)).error().kind, ErrorKind::kNotFound);
}

TEST(CheckSubmounts, MountsBelowInputsAreRefused) {
  auto spec = a_spec();
  const std::string info = "36 35 98:0 / /tmp/sub rw,noatime master:1 - ext4 /dev/root rw\n";
  EXPECT_EQ(check_submounts(spec, info).error().kind, ErrorKind::kRefused);
  EXPECT_TRUE(check_submounts(spec, "36 35 98:0 / /tmpsub rw - ext4 /dev/root rw\n").ok());
  EXPECT_TRUE(check_submounts(spec, "36 35 98:0 / /tmp rw - ext4 /dev/root rw\n").ok());
  spec.mounts[0].writable = true;
  EXPECT_TRUE(check_submounts(spec, info).ok());
}

ProcessOutcome exited(int code, std::string errors = {}) {
  ProcessOutcome outcome;
  outcome.exit_code = code;
  outcome.errors = std::move(errors);
  return outcome;
}

TEST(Judge, TellsTheEndsApart) {
  const auto spec = a_spec();
  const auto end = [&](const ProcessOutcome& process, const RunEvents& events) {
    return judge_podman(process, events, spec)->end;
  };
  RunEvents none, memory, time, disk, stop;
  memory.out_of_memory = 1;
  time.timed_out = true;
  disk.output_exceeded = true;
  stop.interrupted = true;
  EXPECT_EQ(end(exited(0), none), RunEnd::kSuccess);
  EXPECT_EQ(end(exited(0), memory), RunEnd::kSuccess);  // a child was killed, the program coped
  EXPECT_EQ(end(exited(1), none), RunEnd::kFailed);
  EXPECT_EQ(end(exited(137), none), RunEnd::kKilled);
  EXPECT_EQ(end(exited(137), memory), RunEnd::kOutOfMemory);
  EXPECT_EQ(end(exited(1), memory), RunEnd::kOutOfMemory);
  EXPECT_EQ(end(exited(137), time), RunEnd::kTimedOut);
  EXPECT_EQ(end(exited(137), disk), RunEnd::kKilled);
  EXPECT_EQ(end(exited(143), stop), RunEnd::kInterrupted);
  EXPECT_EQ(end(exited(125), none), RunEnd::kFailed);  // the container's own 125
  EXPECT_THAT(judge_podman(exited(139), none, spec)->reason, HasSubstr("signal 11"));
  EXPECT_THAT(judge_podman(exited(127, "Error: executable file not found"), none, spec)->reason,
              HasSubstr("could not be started"));
  const auto broken = judge_podman(exited(125, "Error: no space left on device\n"), none, spec);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().text(), HasSubstr("disk is full"));
}

TEST(ChooseMode, FailsClosed) {
  CgroupPlace nowhere, v1, v2;
  v1.version = CgroupVersion::kV1;
  v2.version = CgroupVersion::kV2;
  EXPECT_EQ(choose_mode(true, CgroupVersion::kV1, nowhere, true), LimitMode::kNone);
  EXPECT_EQ(choose_mode(true, CgroupVersion::kV1, v1, false), LimitMode::kJoin);
  EXPECT_EQ(choose_mode(false, CgroupVersion::kV1, v1, false), LimitMode::kParent);
  EXPECT_EQ(choose_mode(true, CgroupVersion::kV2, nowhere, true), LimitMode::kEngine);
  EXPECT_EQ(choose_mode(true, CgroupVersion::kV2, nowhere, false), LimitMode::kNone);
  EXPECT_EQ(choose_mode(true, CgroupVersion::kV2, v2, true), LimitMode::kJoin);
  EXPECT_EQ(choose_mode(false, CgroupVersion::kV2, v2, true), LimitMode::kJoin);
}

TEST(Configuration, IsOurOwn) {
  auto setup = rootless_setup();
  setup.options.storage = "/s \"q\"";
  const auto conf = containers_conf(setup);
  EXPECT_THAT(conf, HasSubstr("runtime = \"runc\""));
  EXPECT_THAT(conf, HasSubstr("cgroup_manager = \"cgroupfs\""));
  EXPECT_THAT(conf, HasSubstr("lock_type = \"file\""));
  EXPECT_THAT(storage_conf(setup), HasSubstr("graphroot = \"/s \\\"q\\\"/store\""));
  setup.mode = LimitMode::kEngine;
  EXPECT_THAT(containers_conf(setup), HasSubstr("cgroup_manager = \"systemd\""));
}

TEST(RunLog, IsLimitedAndItsTailIsSafe) {
  const fs::path path =
      fs::path(::testing::TempDir()) / ("engine-run-" + std::to_string(::getpid()) + ".log");
  auto log = RunLog::open(path);
  ASSERT_TRUE(log.ok()) << log.error().text();
  const std::string block(1u << 20, 'x');
  for (int i = 0; i < 20; ++i) log->write(block);
  log->write("end \x1b[31m\n");
  EXPECT_LT(fs::file_size(path), RunLog::kLimit.value + 200);
  EXPECT_GE(fs::file_size(path), RunLog::kLimit.value);
  EXPECT_LE(log->tail().size(), 5000u);
  EXPECT_THAT(log->tail(), HasSubstr("end "));
  EXPECT_THAT(log->tail(), Not(HasSubstr("\x1b")));
  fs::remove(path);
}

TEST(RunWatch, StopsAtTheDeadlineAndForOutput) {
  auto spec = a_spec();
  spec.limits.wall = Seconds{0.05};
  std::atomic<int> stops = 0;
  {
    RunWatch watch(spec, [&] { ++stops; });
    while (stops == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    watch.finish();
    EXPECT_TRUE(watch.timed_out());
    EXPECT_FALSE(watch.output_exceeded());
  }
  stops = 0;
  spec.limits.wall = Seconds{100};
  RunWatch quick(spec, [&] { ++stops; });
  quick.finish();
  EXPECT_FALSE(quick.timed_out());
  EXPECT_EQ(stops, 0);
}

}  // namespace
}  // namespace medperf::engine
