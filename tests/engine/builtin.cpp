// What only the built-in runner has: real SIF files, the rules of images that engines keep for it,
// the walls that no engine builds for it. Started by walls.sh, as walls.cpp.
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/process.h"
#include "crypto/sha256.h"
#include "engine/choice.h"
#include "engine/probe/probe_image.h"

namespace medperf::engine {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

EngineOptions options(const std::string& store) {
  EngineOptions out;
  out.storage = fs::path(variable("MEDPERF_STORE")).parent_path() / store;
  out.probe_program = variable("MEDPERF_PROBE");
  out.cgroup_root = variable("MEDPERF_CGROUP");
  return out;
}

void must_run(std::vector<std::string> argv, const fs::path& folder) {
  Command command;
  command.argv = std::move(argv);
  command.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  command.working_folder = folder;
  command.deadline = Seconds{60};
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  ASSERT_TRUE(outcome->success()) << outcome->output << outcome->errors;
}

// An image with a shell, made by Debian's mksquashfs and siftool as an image builder makes it.
class Sif : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (variable("MEDPERF_KIND") != "builtin" || ::access("/usr/bin/siftool", X_OK) != 0 ||
        ::access("/usr/bin/mksquashfs", X_OK) != 0)
      return;
    auto opened = open_engine(EngineKind::kBuiltin, options("sif-store"));
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    engine_ = std::move(*opened);
    home_ = fs::path(variable("MEDPERF_STORE")).parent_path() / "sif";
    make_root();
    must_run({"mksquashfs", "root", "root.squashfs", "-comp", "zstd", "-noappend", "-quiet",
              "-no-progress", "-all-root", "-p", "device c 666 0 0 1 3"},
             home_);
    must_run({"siftool", "new", "image.sif"}, home_);
    must_run({"siftool", "add", "--datatype", "4", "--parttype", "2", "--partfs", "1", "--partarch",
              "2", "--groupid", "1", "image.sif", "root.squashfs"},
             home_);
    const auto bytes = read_file(home_ / "image.sif");
    ASSERT_TRUE(bytes.ok());
    image_ = ImageId::parse(crypto::sha256_hex(*bytes)).value();
    const auto loaded = engine_->load(home_ / "image.sif", image_);
    ASSERT_TRUE(loaded.ok()) << loaded.error().text() << loaded.error().cause;
  }
  static void make_root() {
    const fs::path root = home_ / "root";
    for (const char* folder : {"bin", "lib64", "lib/x86_64-linux-gnu", ".singularity.d/env", "job"})
      fs::create_directories(root / folder);
    fs::copy_file(variable("MEDPERF_PROBE"), root / "bin/medperf-probe");
    fs::copy_file("/bin/dash", root / "bin/sh");
    fs::copy_file("/lib64/ld-linux-x86-64.so.2", root / "lib64/ld-linux-x86-64.so.2");
    fs::copy_file("/lib/x86_64-linux-gnu/libc.so.6", root / "lib/x86_64-linux-gnu/libc.so.6");
    fs::copy_file("/bin/dash", root / "bin/setuid");
    ::chmod((root / "bin/setuid").c_str(), 04755);
    fs::create_symlink("/job", root / "elsewhere");
    std::ofstream(root / ".singularity.d/env/10.sh") << "export BASE=40\n";
    std::ofstream(root / ".singularity.d/runscript") << "#!/bin/sh\nexit $((BASE + $1))\n";
    ::chmod((root / ".singularity.d/runscript").c_str(), 0755);
  }
  static void TearDownTestSuite() { engine_.reset(); }
  void SetUp() override {
    if (engine_ == nullptr) GTEST_SKIP() << "of the built-in runner, with siftool and mksquashfs";
  }
  static RunSpec spec(const std::string& name, std::vector<std::string> command) {
    RunSpec out;
    out.image = image_;
    out.name = "walls-sif-" + std::to_string(::getpid()) + "-" + name;
    out.lease = "walls";
    out.command = std::move(command);
    out.limits.memory = mebibytes(256);
    out.limits.wall = Seconds{60};
    return out;
  }
  static RunSpec shell(const std::string& name, const std::string& script) {
    auto out = spec(name, {"-c", script});
    out.entrypoint = "sh";
    return out;
  }
  static RunOutcome run(const RunSpec& wanted) {
    auto outcome = engine_->run(wanted);
    EXPECT_TRUE(outcome.ok()) << outcome.error().text() << " " << outcome.error().cause;
    return outcome.ok() ? *outcome : RunOutcome{};
  }

  static std::unique_ptr<Engine> engine_;
  static fs::path home_;
  static ImageId image_;
};
std::unique_ptr<Engine> Sif::engine_;
fs::path Sif::home_;
ImageId Sif::image_;

TEST_F(Sif, RunsItsScriptWithItsEnvironment) {
  const auto outcome = run(spec("script", {"2"}));
  EXPECT_EQ(outcome.exit_code, 42) << outcome.reason << outcome.log_tail;
  EXPECT_TRUE(engine_->takes("sif"));
}

TEST_F(Sif, IsUnpackedWithoutDevicesAndSetuid) {
  const auto outcome =
      run(shell("tree",
                "[ -e /device ] && echo device; [ -u /bin/setuid ] && echo setuid; "
                "[ -x /bin/setuid ] && echo there"));
  EXPECT_EQ(outcome.log_tail, "there\n") << outcome.reason;
}

TEST_F(Sif, DamagedFilesAreRefused) {
  auto bytes = read_file(home_ / "image.sif").value();
  const auto path = home_ / "damaged.sif";
  ASSERT_TRUE(write_file_atomically(path, bytes.substr(0, bytes.size() / 2)).ok());
  auto fresh = open_engine(EngineKind::kBuiltin, options("damaged-store"));
  ASSERT_TRUE(fresh.ok());
  EXPECT_EQ((*fresh)->load(path, image_).error().kind, ErrorKind::kCorrupt);
  // Its own id, but a broken table of files at the end of the file system.
  for (std::size_t i = bytes.size() - 4096; i < bytes.size(); ++i) bytes[i] = '\x55';
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 4096; ++i) bytes[i] = '\x55';
  const std::size_t superblock = 32768;
  for (std::size_t i = 48; i < 96; ++i) bytes[superblock + i] = '\x11';
  ASSERT_TRUE(write_file_atomically(path, bytes).ok());
  const auto own = ImageId::parse(crypto::sha256_hex(bytes)).value();
  const auto broken = (*fresh)->load(path, own);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().kind, ErrorKind::kCorrupt) << broken.error().text();
  EXPECT_FALSE((*fresh)->has_image(own).value());
}

TEST_F(Sif, MountsThatTheImageHasNoPlaceFor) {
  const auto input = home_ / "input", output = home_ / "output", inner = home_ / "inner";
  for (const auto& folder : {input, output, inner}) {
    ASSERT_TRUE(make_private_folder(folder).ok());
    fs::permissions(folder, fs::perms(0755));
  }
  std::ofstream(input / "file") << "content";
  auto wanted =
      shell("mounts",
            "read a < /elsewhere/in/file; read b < /one.txt; echo made > /new/deep/out/result && "
            "echo deep > /new/deep/out/inner/result && echo t > /tmp/in/x && echo $a $b $PWD");
  wanted.mounts = {{inner, "/new/deep/out/inner", true},
                   {input, "/elsewhere/in", false},
                   {output, "/new/deep/out", true},
                   {input / "file", "/one.txt", false},
                   {inner, "/tmp/in", true}};
  const auto outcome = run(wanted);
  EXPECT_EQ(outcome.end, RunEnd::kSuccess) << outcome.reason << outcome.log_tail;
  EXPECT_EQ(outcome.log_tail, "content content /\n");
  EXPECT_TRUE(fs::exists(output / "result"));
  EXPECT_EQ(read_file(inner / "result").value(), "deep\n");
  EXPECT_TRUE(fs::exists(inner / "x"));
}

TEST_F(Sif, WhatTheProgramSees) {
  const auto outcome =
      run(shell("sees",
                "read c < /proc/1/comm; echo $$ $c $HOME; echo x > /dev/null; echo x > /dev/new; "
                "echo x > /job/new; echo x > /proc/sys/kernel/hostname; "
                "read k < /proc/keys && echo keys; "
                "for s in 0 1 2; do [ -t $s ] && echo terminal; done; exit 0"));
  EXPECT_EQ(outcome.end, RunEnd::kSuccess) << outcome.reason;
  const auto has = [&](const char* text) {
    return outcome.log_tail.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has("2 medperf-probe /tmp")) << outcome.log_tail;
  EXPECT_TRUE(has("cannot create /dev/new")) << outcome.log_tail;
  EXPECT_TRUE(has("cannot create /job/new")) << outcome.log_tail;
  EXPECT_TRUE(has("cannot create /proc/sys/kernel/hostname")) << outcome.log_tail;
  EXPECT_FALSE(has("terminal"));
  EXPECT_FALSE(has("\nkeys"));
  EXPECT_FALSE(has("cannot create /dev/null"));
}

TEST_F(Sif, TemporarySpaceIsLimited) {
  auto wanted = shell("tmp",
                      "i=0; while [ $i -lt 600 ]; do echo "
                      "0123456789012345678901234567890123456789 >> /tmp/f || exit 9; "
                      "i=$((i+1)); done");
  wanted.limits.temporary = Bytes{16384};
  EXPECT_EQ(run(wanted).exit_code, 9);
  wanted.limits.temporary = mebibytes(1);
  wanted.name += "2";
  EXPECT_EQ(run(wanted).end, RunEnd::kSuccess);
}

TEST_F(Sif, NoGpu) {
  auto wanted = shell("gpu", "exit 0");
  wanted.gpus = "all";
  const auto outcome = engine_->run(wanted);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRefused);
}

TEST_F(Sif, ManyAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> codes(8, -1);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    threads.emplace_back([&codes, i] {
      codes[i] = run(shell("many" + std::to_string(i), "exit " + std::to_string(i))).exit_code;
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < codes.size(); ++i) EXPECT_EQ(codes[i], static_cast<int>(i));
}

// Processes that stay behind end with the program, and its outputs are still then.
TEST_F(Sif, NothingRunsOn) {
  const auto output = home_ / "still";
  ASSERT_TRUE(make_private_folder(output).ok());
  auto wanted =
      shell("still", "(while :; do echo x >> /out/f; done) & sleep 0 2>/dev/null; exit 0");
  wanted.mounts = {{output, "/out", true}};
  EXPECT_EQ(run(wanted).end, RunEnd::kSuccess);
  const auto size = fs::exists(output / "f") ? fs::file_size(output / "f") : 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(fs::exists(output / "f") ? fs::file_size(output / "f") : 0, size);
}

}  // namespace
}  // namespace medperf::engine
