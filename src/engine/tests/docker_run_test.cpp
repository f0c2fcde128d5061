#include "engine/docker/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/docker/daemon.h"
#include "engine/docker/retag.h"
#include "engine/rules/outputs.h"
#include "engine/tests/archive_maker.h"

namespace medperf::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

DockerSetup a_setup() {
  DockerSetup setup;
  setup.options.storage = "/s";
  setup.seccomp = "/s/docker/seccomp.json";
  setup.facts = {"20.10.24", "runc", "1", "cgroupfs", "overlay2", true, true, true, 2};
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

Json info_of(const char* extra) {
  return parse_json(std::string(R"({"ServerVersion":"20.10.24","DefaultRuntime":"runc",)"
                                R"("CgroupVersion":"1","Driver":"overlay2","MemoryLimit":true,)"
                                R"("PidsLimit":true,"CpuCfsQuota":true,"NCPU":2)") +
                    extra + "}")
      .value();
}
constexpr const char* kSeccomp = R"(,"SecurityOptions":["name=seccomp,profile=default"])";

TEST(DockerDaemon, AnswersAreTakenApart) {
  const auto good = read_daemon_answer(
      "HTTP/1.0 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"message\":\"No "
      "such\"}\n");
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(good->not_there());
  EXPECT_FALSE(good->success());
  EXPECT_THAT(daemon_error("asking", *good).text(), HasSubstr("asking failed: No such"));
  const auto empty = read_daemon_answer("HTTP/1.0 204 No Content\r\n\r\n");
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE(empty->success());
  EXPECT_EQ(empty->body, "");
  for (const char* bad : {"", "HTTP/1.0 200 OK\r\n", "200\r\n\r\n", "HTTP/1.0\r\n\r\n 200",
                          "SSH-2.0 200 x\r\n\r\n", "HTTP/1.0 x\r\n\r\n"})
    EXPECT_FALSE(read_daemon_answer(bad).ok()) << bad;
  EXPECT_EQ(ask_daemon("/nowhere/docker.sock", "GET", "/info").error().kind,
            ErrorKind::kUnavailable);
}

TEST(DockerArguments, EveryWallIsThere) {
  const auto words = docker_arguments(a_spec(), a_setup(), {}, "");
  for (const char* wall :
       {"--network=none", "--read-only", "--cap-drop=ALL", "--pull=never", "--user=65534:65534",
        "--security-opt=no-new-privileges", "--security-opt=seccomp=/s/docker/seccomp.json",
        "--init", "--log-driver=none", "--ipc=private", "--cgroupns=private",
        "--label=org.medperf.lease=lease-1", "--ulimit=core=0:0", "--memory=2147483648b",
        "--memory-swap=2147483648b", "--pids-limit=256", "--cpus=2.00",
        "--mount=type=bind,source=/tmp,destination=/in,bind-propagation=rprivate,readonly"}) {
    EXPECT_THAT(words, Contains(std::string(wall)));
  }
  const auto image = std::find(words.begin(), words.end(), "sha256:" + std::string(64, 'a'));
  ASSERT_NE(image, words.end());
  EXPECT_EQ(std::vector<std::string>(image + 1, words.end()),
            (std::vector<std::string>{"infer", "--fast"}));
  // Its end is read from its state, so docker may not remove it.
  EXPECT_THAT(words, Not(Contains("--rm")));
  for (const auto& word : words) EXPECT_THAT(word, Not(HasSubstr("privileged=")));
}

TEST(DockerArguments, NoMoreProcessorsThanThereAre) {
  auto spec = a_spec();
  spec.limits.cpus = 16;
  EXPECT_THAT(docker_arguments(spec, a_setup(), {}, ""), Contains("--cpus=2.00"));
}

TEST(DockerArguments, AGroupOfOursIsReachedFirst) {
  auto spec = a_spec();
  spec.limits.cpus = 1.239;
  const auto words = docker_arguments(spec, a_setup(), {}, "/medperf/run-1");
  EXPECT_THAT(words, Contains("--cgroup-parent=/medperf/run-1"));
  EXPECT_THAT(words, Contains(fmt::format("--memory={}b", (2048ull + 16) << 20)));
  EXPECT_THAT(words, Contains(fmt::format("--memory-swap={}b", (2048ull + 16) << 20)));
  // More than the group around it is refused.
  EXPECT_THAT(words, Contains("--cpus=1.23"));
}

TEST(DockerArguments, OddPathsStayOneField) {
  auto spec = a_spec();
  spec.mounts = {{"/tmp/a,readonly=false \"c\"", "/out", true}};
  EXPECT_THAT(docker_arguments(spec, a_setup(), {}, ""),
              Contains("--mount=type=bind,\"source=/tmp/a,readonly=false "
                       "\"\"c\"\"\",destination=/out,bind-propagation=rprivate"));
}

TEST(DockerArguments, VolumesOfTheImageAreLimitedMemory) {
  const auto words = docker_arguments(a_spec(), a_setup(), {"/data", "/in", "/tmp"}, "");
  const std::string memory = ":rw,nosuid,nodev,mode=1777,size=268435456";
  EXPECT_THAT(words, Contains("--tmpfs=/data" + memory));
  EXPECT_THAT(words, Contains("--tmpfs=/tmp" + memory).Times(1));
  EXPECT_THAT(words, Not(Contains("--tmpfs=/in" + memory)));
}

TEST(DockerArguments, GpusAreOneField) {
  auto spec = a_spec();
  spec.gpus = "device=0,1";
  EXPECT_THAT(docker_arguments(spec, a_setup(), {}, ""), Contains("--gpus=\"device=0,1\""));
  spec.gpus = "all";
  EXPECT_THAT(docker_arguments(spec, a_setup(), {}, ""), Contains("--gpus=all"));
}

TEST(DockerHost, OnlySocketsOfThisMachine) {
  EXPECT_TRUE(check_docker_host("").ok());
  EXPECT_TRUE(check_docker_host("unix:///run/user/1000/docker.sock").ok());
  for (const char* host : {"tcp://10.0.0.1:2376", "ssh://root@other", "http://x", "unix://rel"}) {
    const auto status = check_docker_host(host);
    ASSERT_FALSE(status.ok()) << host;
    EXPECT_EQ(status.error().where, "DOCKER_HOST");
  }
}

TEST(DockerInfo, SaysWhatTheDaemonCan) {
  const auto facts = read_docker_info(info_of(kSeccomp));
  ASSERT_TRUE(facts.ok()) << facts.error().text();
  EXPECT_EQ(facts->server, "20.10.24");
  EXPECT_EQ(facts->processors, 2);
  EXPECT_EQ(limits_missing(*facts), "");
  auto without = info_of(kSeccomp);
  without.set("PidsLimit", false);
  EXPECT_THAT(limits_missing(read_docker_info(without).value()), HasSubstr("limit processes"));
  without.set("MemoryLimit", false);
  EXPECT_THAT(limits_missing(read_docker_info(without).value()),
              HasSubstr("limit memory and processes"));
}

TEST(DockerInfo, RefusesDaemonsUnderWhichARunIsNotWhatItSays) {
  const auto why = [](const Json& info) {
    const auto facts = read_docker_info(info);
    return facts.ok() ? std::string("taken") : facts.error().text();
  };
  EXPECT_THAT(why(parse_json(R"({"ServerErrors":["Cannot connect to the daemon"]})").value()),
              HasSubstr("Cannot connect"));
  EXPECT_THAT(why(info_of("")), HasSubstr("seccomp"));
  EXPECT_THAT(why(info_of(R"(,"SecurityOptions":["name=seccomp","name=rootless"])")),
              HasSubstr("maps users"));
  EXPECT_THAT(why(info_of(R"(,"SecurityOptions":["name=seccomp","name=userns"])")),
              HasSubstr("maps users"));
  EXPECT_THAT(why(info_of(R"(,"SecurityOptions":["name=seccomp,profile=builtin"],)"
                          R"("DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]])")),
              HasSubstr("containerd's store"));
}

DockerState state_of(const char* text) {
  return read_docker_state(parse_json(text).value());
}

TEST(DockerEnd, IsReadFromTheStateNotFromTheClient) {
  ProcessOutcome client;
  client.exit_code = 137;
  const auto full = judge_docker(
      client, {},
      state_of(R"({"StartedAt":"2026-01-01T00:00:00Z","OOMKilled":true,"ExitCode":137})"),
      a_spec());
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->end, RunEnd::kOutOfMemory);
  const auto unsaid = judge_docker(
      client, {}, state_of(R"({"StartedAt":"2026-01-01T00:00:00Z","ExitCode":137})"), a_spec());
  ASSERT_TRUE(unsaid.ok());
  EXPECT_EQ(unsaid->end, RunEnd::kKilled);
  EXPECT_THAT(unsaid->reason, HasSubstr("of memory allowed were used up"));
  auto watched = state_of(R"({"StartedAt":"2026-01-01T00:00:00Z","ExitCode":137})");
  watched.memory_watched = true;
  EXPECT_THAT(judge_docker(client, {}, watched, a_spec())->reason, HasSubstr("not by a limit"));
  // The daemon missed it, the group around did not.
  EXPECT_EQ(judge_docker(client, {false, false, false, 1}, watched, a_spec())->end,
            RunEnd::kOutOfMemory);
  client.exit_code = 125;  // the program's own
  const auto own = judge_docker(
      client, {}, state_of(R"({"StartedAt":"2026-01-01T00:00:00Z","ExitCode":125})"), a_spec());
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->end, RunEnd::kFailed);
  EXPECT_EQ(own->exit_code, 125);
  client.errors = "docker: Error response from daemon: no such device.\nSee 'docker run --help'.\n";
  const auto engine = judge_docker(
      client, {}, state_of(R"({"StartedAt":"0001-01-01T00:00:00Z","Error":"no such device"})"),
      a_spec());
  ASSERT_FALSE(engine.ok());
  EXPECT_THAT(engine.error().what, HasSubstr("no such device"));
  const auto killed = judge_docker(client, {false, false, true, 0}, DockerState{}, a_spec());
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(killed->end, RunEnd::kInterrupted);
}

TEST(DockerEnd, SaysWhenTheProgramIsNotThere) {
  ProcessOutcome client;
  client.exit_code = 127;
  client.errors = "[FATAL tini (7)] exec /no/such failed: No such file or directory\n";
  const auto none = judge_docker(
      client, {}, state_of(R"({"StartedAt":"2026-01-01T00:00:00Z","ExitCode":127})"), a_spec());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->end, RunEnd::kFailed);
  EXPECT_THAT(none->reason, HasSubstr("could not be started"));
}

struct TemporaryFolder {
  TemporaryFolder() {
    char name[] = "/tmp/medperf-docker-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryFolder() { (void)remove_tree(path).ok(); }
  fs::path path;
};

TEST(DockerArchive, IsWrittenWithoutTagsAndHoldsTheSameImage) {
  const TemporaryFolder folder;
  testing::ImageMaker maker;
  maker.tags = {"hospital/app:latest"};
  maker.layers = {testing::tar_of({{"a", "1"}}), testing::tar_of({{"b", std::string(5000, 'b')}})};
  for (const auto& archive : {maker.docker(), maker.oci()}) {
    const fs::path copy = folder.path / "copy.tar";
    const auto written = write_untagged(testing::file_of(archive), copy);
    ASSERT_TRUE(written.ok()) << written.error().text();
    const auto image = read_archive(open_file(copy).value());
    ASSERT_TRUE(image.ok()) << image.error().text();
    EXPECT_EQ(image->format, "docker-archive");
    EXPECT_EQ(image->image.hex(), maker.id());
    EXPECT_EQ(image->layers.size(), 2u);
    EXPECT_TRUE(image->tags.empty());
  }
}

TEST(DockerArchive, MissingPartsAreCorrupt) {
  const TemporaryFolder folder;
  testing::ImageMaker maker;
  auto entries = maker.docker_entries();
  entries.erase(entries.begin());  // the layer
  const auto status =
      write_untagged(testing::file_of(testing::tar_of(entries)), folder.path / "copy.tar");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
}

TEST(TarHeader, LargeSizesAreInBase256) {
  const auto header = tar_header("layer", (1ull << 33) + 5).value();
  EXPECT_EQ(header[124], '\x80');
  EXPECT_EQ(header[131], '\x02');  // 2^33 = 2 * 2^32
  EXPECT_EQ(header[135], '\x05');
  EXPECT_FALSE(tar_header(std::string(101, 'a'), 1).ok());
}

TEST(GiveOutputs, ChangesOwnersAndFollowsNoLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TemporaryFolder folder;
  const fs::path outside = folder.path / "outside", out = folder.path / "out";
  ASSERT_TRUE(make_private_folder(out / "below").ok());
  ASSERT_TRUE(make_private_folder(outside).ok());
  fs::create_directory_symlink(outside, out / "link");
  RunSpec spec = a_spec();
  spec.mounts = {{out, "/out", true}, {outside, "/in", false}};
  ASSERT_TRUE(give_outputs(spec, InsideUser{}).ok());
  const auto owner = [](const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return status.st_uid;
  };
  EXPECT_EQ(owner(out), 65534u);
  EXPECT_EQ(owner(out / "below"), 65534u);
  EXPECT_EQ(owner(out / "link"), 65534u);
  EXPECT_EQ(owner(outside), 0u);
}

}  // namespace
}  // namespace medperf::engine
