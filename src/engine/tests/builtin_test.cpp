// The built-in runner without a container: its command line, its store, its filter of system calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/builtin/launch.h"
#include "engine/builtin/seccomp.h"
#include "engine/builtin/store.h"
#include "engine/tests/archive_maker.h"

namespace medperf::engine::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

Launch some_launch() {
  Launch launch;
  launch.probe = "/opt/medperf-probe";
  launch.bubblewrap = "/usr/bin/bwrap";
  launch.root = "/store/root";
  launch.mounts = {{"/data/inner", "/data/in/deep", true}, {"/data/input", "/data/in", false}};
  launch.program = {"/app/run", "infer"};
  launch.environment = {{"A", "1"}};
  launch.landlock = 7;
  launch.start = "token";
  return launch;
}

std::size_t at(const std::vector<std::string>& words, const std::vector<std::string>& wanted) {
  const auto found = std::search(words.begin(), words.end(), wanted.begin(), wanted.end());
  EXPECT_NE(found, words.end()) << "missing: " << wanted.front() << " " << wanted.back();
  return static_cast<std::size_t>(found - words.begin());
}

TEST(BuiltinLaunch, EveryWallIsAskedFor) {
  const auto words = launch_arguments(some_launch());
  EXPECT_THAT(words, IsSupersetOf({"--unshare-all", "--unshare-user", "--disable-userns",
                                   "--die-with-parent", "--new-session", "--clearenv"}));
  at(words, {"--cap-drop", "ALL"});
  at(words, {"--uid", "65534", "--gid", "65534"});
  at(words, {"--seccomp", "9"});
  at(words, {"--ro-bind", "/store/root", "/"});
  at(words, {"--setenv", "A", "1"});
  EXPECT_LT(at(words, {"--tmpfs", "/dev/shm"}), at(words, {"--remount-ro", "/dev"}));
  EXPECT_LT(at(words, {"--ro-bind", "/data/input", "/data/in"}),
            at(words, {"--bind", "/data/inner", "/data/in/deep"}))
      << "the outer one first";
  at(words, {"--landlock", "7", "--write", "/tmp", "--write", "/dev/shm", "--write",
             "/data/in/deep", "--", "/app/run", "infer"});
  EXPECT_THAT(std::vector(words.begin(), words.begin() + 5),
              ElementsAre("/opt/medperf-probe", "enter", "self", "self", "--"));
}

TEST(BuiltinLaunch, RootBecomesAnotherUserWhoReachesTheSources) {
  auto launch = some_launch();
  launch.as_root = true;
  const auto words = launch_arguments(launch);
  EXPECT_THAT(std::vector(words.begin(), words.begin() + 9),
              ElementsAre("/opt/medperf-probe", "enter", "65534", "65534", "/store/root",
                          "/opt/medperf-probe", "/data/input", "/data/inner", "--"));
  at(words, {"--ro-bind", "/tmp/b0", "/"});
  at(words, {"--ro-bind", "/tmp/b2", "/data/in"});
  at(words, {"--bind", "/tmp/b3", "/data/in/deep"});
}

TEST(BuiltinLaunch, StartLineIsTakenOutOnce) {
  const std::vector<std::vector<std::string>> cases = {
      {"token\nhello"}, {"tok", "en\nhel", "lo"}, {"token\n", "hello"}};
  for (const auto& pieces : cases) {
    std::string out;
    StartLine start("token", [&](std::string_view piece) { out += piece; });
    for (const auto& piece : pieces) start.pass(piece);
    start.finish();
    EXPECT_TRUE(start.seen());
    EXPECT_EQ(out, "hello");
  }
  std::string out;
  StartLine never("token", [&](std::string_view piece) { out += piece; });
  never.pass("bwrap: no such thing\n");
  EXPECT_EQ(out, "");
  never.finish();
  EXPECT_FALSE(never.seen());
  EXPECT_EQ(out, "bwrap: no such thing\n");
}

TEST(BuiltinLaunch, SharedMemory) {
  EXPECT_EQ(parse_shared_memory("64m").value(), mebibytes(64));
  EXPECT_EQ(parse_shared_memory("2G").value(), mebibytes(2048));
  EXPECT_EQ(parse_shared_memory("512kb").value(), Bytes{512u << 10});
  EXPECT_EQ(parse_shared_memory("100").value(), Bytes{100});
  for (const char* text : {"", "m", "-1m", "1t", "0", "1.5g", "99999999999g", "1mm"})
    EXPECT_FALSE(parse_shared_memory(text).ok()) << text;
}

TEST(BuiltinStart, ProgramAndEnvironmentByTheEnginesRules) {
  ImageStart image{
      {"/entry", "-v"}, {"default"}, {"A=image", "PATH=/x", "HOME=/root", "=bad"}, "/w"};
  RunSpec spec;
  EXPECT_THAT(program_of(image, spec).value(), ElementsAre("/entry", "-v", "default"));
  spec.command = {"infer"};
  EXPECT_THAT(program_of(image, spec).value(), ElementsAre("/entry", "-v", "infer"));
  spec.entrypoint = "/other";
  EXPECT_THAT(program_of(image, spec).value(), ElementsAre("/other", "infer"));
  spec.command.clear();
  EXPECT_THAT(program_of(image, spec).value(), ElementsAre("/other"));
  EXPECT_FALSE(program_of({}, RunSpec{}).ok());
  spec.environment = {{"A", "run"}};
  const auto environment = environment_of(image, spec);
  EXPECT_EQ(environment.at("A"), "run");
  EXPECT_EQ(environment.at("PATH"), "/x");
  EXPECT_EQ(environment.at("HOME"), "/tmp");
  EXPECT_EQ(environment.size(), 4u);
}

class BuiltinStore : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/medperf-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    ASSERT_TRUE(store().open().ok());
    maker_.layers = {tar_of({{"app/run", "program"}, {"data", "file"}, {"etc/hosts", ""}}),
                     typed_entry("inside", '2', "/app") +
                         typed_entry("outside", '2', "/../../etc") +
                         typed_entry("dangling", '2', "nothing") + tar_end()};
    maker_.run = Json::object({{"Entrypoint", Json::array({"/app/run"})},
                               {"Cmd", Json::array({"x"})},
                               {"Env", Json::array({"A=1"})},
                               {"WorkingDir", "/work"}});
    image_ = ImageId::parse(maker_.id()).value();
    archive_ = home_ / "image.tar";
    ASSERT_TRUE(write_file_atomically(archive_, maker_.docker()).ok());
  }
  void TearDown() override { (void)remove_tree(home_).ok(); }
  RootStore store() const { return RootStore(home_ / "store"); }
  Status load() {
    return store().load(archive_, image_, [](const fs::path&, const fs::path&) -> Status {
      return make_error(ErrorKind::kBug, "", "not a sif");
    });
  }
  fs::path home_, archive_;
  ImageMaker maker_;
  ImageId image_;
};

TEST_F(BuiltinStore, LoadsWhatWasAskedForOnly) {
  EXPECT_FALSE(store().has(image_).value());
  ASSERT_TRUE(load().ok());
  EXPECT_TRUE(store().has(image_).value());
  EXPECT_TRUE(load().ok()) << "again";
  const auto start = store().start_of(image_);
  ASSERT_TRUE(start.ok());
  EXPECT_THAT(start->entrypoint, ElementsAre("/app/run"));
  EXPECT_THAT(start->environment, ElementsAre("A=1"));
  EXPECT_EQ(start->working_folder, "/work");
  ASSERT_TRUE(store().remove(image_).ok());
  EXPECT_FALSE(store().has(image_).value());
  EXPECT_TRUE(fs::is_empty(home_ / "store" / "images"));
  image_ = ImageId::parse(std::string(64, 'c')).value();
  const auto other = load();
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kCorrupt);
  EXPECT_TRUE(fs::is_empty(home_ / "store" / "images"));
}

TEST_F(BuiltinStore, AKilledLoadLeavesNothingTakenForWhole) {
  // Killed at many moments: afterwards the image is there whole, or not at all.
  std::string big(8u << 20, 'x');
  maker_.layers.push_back(tar_of({{"big", big}}));
  image_ = ImageId::parse(maker_.id()).value();
  ASSERT_TRUE(write_file_atomically(archive_, maker_.docker()).ok());
  int whole = 0;
  for (int delay = 0; delay < 300'000; delay += 20'000) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(load().ok() ? 0 : 1);
    ::usleep(static_cast<useconds_t>(delay));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_TRUE(store().open().ok());
    if (!store().has(image_).value()) {
      EXPECT_TRUE(fs::is_empty(home_ / "store" / "images")) << delay;
      continue;
    }
    ++whole;
    EXPECT_EQ(read_file(store().root_of(image_) / "big").value(), big);
    ASSERT_TRUE(store().remove(image_).ok());
  }
  std::printf("  %d of 15 loads were whole before the kill\n", whole);
  ASSERT_TRUE(load().ok());
  EXPECT_EQ(read_file(store().root_of(image_) / "big").value(), big);
}

TEST_F(BuiltinStore, MountPointsStayInside) {
  ASSERT_TRUE(load().ok());
  const auto place = [&](const char* path, bool folder = true) {
    return store().mount_point(image_, path, folder);
  };
  EXPECT_EQ(place("/new/deep/folder").value(), "/new/deep/folder");
  EXPECT_TRUE(fs::is_directory(store().root_of(image_) / "new/deep/folder"));
  EXPECT_EQ(place("/app").value(), "/app");
  EXPECT_EQ(place("/inside/x").value(), "/app/x") << "a link inside is followed inside";
  EXPECT_EQ(place("/outside/x").value(), "/etc/x") << "the image's /etc";
  EXPECT_TRUE(fs::is_directory(store().root_of(image_) / "etc/x"));
  EXPECT_FALSE(fs::exists("/etc/x"));
  EXPECT_EQ(place("/files/one.yaml", false).value(), "/files/one.yaml");
  EXPECT_EQ(place("/data", false).value(), "/data");
  EXPECT_EQ(read_file(store().root_of(image_) / "data").value(), "file") << "nothing is changed";
  EXPECT_FALSE(place("/data").ok()) << "a file in the place of a folder";
  EXPECT_FALSE(place("/app", false).ok());
  EXPECT_FALSE(place("/data/below").ok());
  EXPECT_FALSE(place("/dangling/x").ok());
}

// The filter is put on a child, which then tries each call.
class Filtered : public ::testing::Test {
 protected:
  static int errno_of(const std::function<long()>& call) {
    const auto filter = seccomp_filter();
    EXPECT_TRUE(filter.ok());
    const pid_t child = ::fork();
    if (child == 0) {
      sock_fprog program{};
      program.len = static_cast<unsigned short>(filter->size() / sizeof(sock_filter));
      program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(filter->data()));
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
          ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        ::_exit(255);
      ::_exit(call() >= 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  static int errno_of_call(long number) {
    return errno_of([number] { return ::syscall(number, 0, 0, 0, 0, 0, 0); });
  }
};

TEST_F(Filtered, RefusedCalls) {
  for (const long number :
       {SYS_mount,           SYS_umount2,     SYS_pivot_root,     SYS_chroot,
        SYS_unshare,         SYS_setns,       SYS_ptrace,         SYS_process_vm_readv,
        SYS_add_key,         SYS_keyctl,      SYS_request_key,    SYS_bpf,
        SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_open_by_handle_at,
        SYS_kexec_load,      SYS_init_module, SYS_finit_module,   SYS_syslog,
        SYS_reboot,          SYS_fsopen,      SYS_open_tree,      SYS_move_mount,
        SYS_pidfd_getfd}) {
    EXPECT_EQ(errno_of_call(number), EPERM) << "system call " << number;
  }
  EXPECT_EQ(errno_of_call(SYS_clone3), ENOSYS);
  EXPECT_EQ(errno_of_call(1023), ENOSYS) << "unknown";
  EXPECT_EQ(errno_of([] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }),
            ENOSYS);
  EXPECT_EQ(errno_of([] { return ::socket(AF_VSOCK, SOCK_STREAM, 0); }), ENOSYS);
  EXPECT_EQ(errno_of([] { return ::socket(AF_ALG, SOCK_SEQPACKET, 0); }), ENOSYS);
  EXPECT_EQ(errno_of([] { return ::syscall(SYS_personality, 0x0040000); }), ENOSYS);
}

TEST_F(Filtered, AllowedCalls) {
  EXPECT_EQ(errno_of([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), 0);
  EXPECT_EQ(errno_of([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), 0);
  EXPECT_EQ(errno_of([] { return ::open("/dev/null", O_RDWR); }), 0);
  EXPECT_EQ(errno_of([] { return ::syscall(SYS_personality, 0xffffffff); }), 0);
  EXPECT_EQ(errno_of([]() -> long {
              const pid_t inner = ::fork();
              if (inner == 0) ::_exit(0);
              return inner < 0 ? -1 : ::waitpid(inner, nullptr, 0);
            }),
            0);
}

}  // namespace
}  // namespace medperf::engine::testing
