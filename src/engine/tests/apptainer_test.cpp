// apptainer cannot be installed on the test machines: what is tested here is what we ask of it. The
// RECORDING STUB below writes down its arguments and environment and runs nothing; no wall is
// proved by it. What a real one enforces the probe finds out at each site.
#include "engine/apptainer/apptainer.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/sha256.h"

namespace medperf::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStub = R"STUB(#!/bin/sh
# Recording stub of apptainer.
if [ "$1" = --version ]; then echo "apptainer version 1.3.1"; exit 0; fi
here=$(dirname "$0")
for word in "$@"; do printf '%s\n' "$word"; done > "$here/argv"
env > "$here/environment"
[ ! -f "$here/says" ] || cat "$here/says" >&2
exit "$(cat "$here/code" 2> /dev/null || echo 0)"
)STUB";

class RecordingStub : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/medperf-apptainer-XXXXXX";
    folder_ = ::mkdtemp(name);
    write("apptainer", kStub);
    fs::permissions(folder_ / "apptainer", fs::perms(0755));
    ASSERT_TRUE(make_private_folder(folder_ / "input").ok());
    fs::permissions(folder_, fs::perms(0755));
    fs::permissions(folder_ / "input", fs::perms(0755));
  }
  void TearDown() override { (void)remove_tree(folder_).ok(); }

  void write(const char* name, const std::string& text) {
    ASSERT_TRUE(write_file_atomically(folder_ / name, text).ok());
  }
  std::vector<std::string> recorded(const char* name) {
    const std::string text = read_file(folder_ / name).value_or("");
    std::vector<std::string> lines;
    for (const auto line : split(text, '\n')) lines.emplace_back(line);
    if (!lines.empty()) lines.pop_back();
    return lines;
  }
  std::unique_ptr<Engine> open(bool require_limits = false) {
    EngineOptions options;
    options.storage = folder_ / "storage";
    options.probe_program = "/bin/true";
    options.cgroup_root = "medperf-absent/nobody";
    options.environment["PATH"] = folder_.native();
    options.require_limits = require_limits;
    auto engine = open_apptainer(options);
    EXPECT_TRUE(engine.ok()) << engine.error().text();
    return engine.ok() ? std::move(*engine) : nullptr;
  }
  // A file that looks like a .sif, as far as the store looks at it.
  ImageId load_sif(Engine& engine) {
    std::string text(100, '\0');
    text.replace(32, 9, "SIF_MAGIC");
    write("image.sif", text);
    const auto id = crypto::digest_of<ImageId>(text);
    EXPECT_TRUE(engine.load(folder_ / "image.sif", id).ok());
    return id;
  }
  RunSpec spec_of(const ImageId& image) {
    RunSpec spec;
    spec.image = image;
    spec.name = "run-1";
    spec.lease = "lease-1";
    spec.command = {"infer", "--fast"};
    spec.environment = {{"MODE", "a,b=c"}};
    spec.mounts = {{folder_ / "input", "/in", false}};
    return spec;
  }

  fs::path folder_;
};

TEST_F(RecordingStub, IsAskedForEveryWall) {
  const auto engine = open();
  ASSERT_NE(engine, nullptr);
  EXPECT_THAT(engine->description(), HasSubstr("apptainer version 1.3.1"));
  const auto image = load_sif(*engine);
  const auto outcome = engine->run(spec_of(image));
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->end, RunEnd::kSuccess);
  const auto words = recorded("argv");
  for (const char* wall : {"--containall", "--no-home", "--cleanenv", "--no-eval", "--no-privs",
                           "--net", "--network=none", "--no-mount=hostfs,bind-paths,cwd"})
    EXPECT_THAT(words, Contains(std::string(wall)));
  EXPECT_THAT(words, Contains("--mount=type=bind,source=" + (folder_ / "input").native() +
                              ",destination=/in,ro"));
  if (::geteuid() == 0) {
    EXPECT_THAT(words, Contains("--security=uid:65534"));
    EXPECT_THAT(words, Contains(HasSubstr("--security=seccomp:/")));
  }
  for (const char* door :
       {"--writable", "--fakeroot", "--add-caps", "--allow-setuid", "--keep-privs"})
    EXPECT_THAT(words, Not(Contains(HasSubstr(door))));
  EXPECT_EQ(words.front(), "run");
  const auto path =
      (folder_ / "storage" / "apptainer" / "images" / (image.hex() + ".sif")).native();
  const auto at = std::find(words.begin(), words.end(), path);
  ASSERT_NE(at, words.end());
  EXPECT_THAT(std::vector<std::string>(at + 1, words.end()), ElementsAre("infer", "--fast"));
}

TEST_F(RecordingStub, SeesTheRunsVariablesUnderItsPrefixAndNoOthers) {
  ::setenv("HOSPITAL_SECRET", "x", 1);
  const auto engine = open();
  ASSERT_TRUE(engine->run(spec_of(load_sif(*engine))).ok());
  const auto variables = recorded("environment");
  EXPECT_THAT(variables, Contains("APPTAINERENV_MODE=a,b=c"));
  EXPECT_THAT(variables, Contains("APPTAINERENV_HOME=/tmp"));
  EXPECT_THAT(variables, Not(Contains(HasSubstr("HOSPITAL_SECRET"))));
}

TEST_F(RecordingStub, EntryPointIsExecuted) {
  const auto engine = open();
  auto spec = spec_of(load_sif(*engine));
  spec.entrypoint = "/app/run";
  ASSERT_TRUE(engine->run(spec).ok());
  const auto words = recorded("argv");
  EXPECT_EQ(words.front(), "exec");
  EXPECT_THAT(std::vector<std::string>(words.end() - 3, words.end()),
              ElementsAre("/app/run", "infer", "--fast"));
}

TEST_F(RecordingStub, WithoutLimitsNothingRuns) {
  const auto engine = open(true);
  const auto outcome = engine->run(spec_of(load_sif(*engine)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRefused);
  EXPECT_TRUE(recorded("argv").empty());
}

TEST_F(RecordingStub, KeepsOnlyTheFileThatWasChecked) {
  const auto engine = open();
  const auto image = load_sif(*engine);
  const auto other = ImageId::parse(std::string(64, 'c')).value();
  const auto loaded = engine->load(folder_ / "image.sif", other);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(engine->has_image(other).value());
  EXPECT_TRUE(engine->has_image(image).value());
  EXPECT_TRUE(engine->remove_image(image).ok());
  EXPECT_FALSE(engine->has_image(image).value());
}

TEST_F(RecordingStub, EndsAreToldApart) {
  const auto engine = open();
  const auto spec = spec_of(load_sif(*engine));
  write("code", "42");
  EXPECT_EQ(engine->run(spec)->exit_code, 42);
  write("code", "255");
  EXPECT_EQ(engine->run(spec)->end, RunEnd::kFailed);  // the program's own
  write("says", "FATAL:   while loading the image: no such file\n");
  const auto broken = engine->run(spec);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().what, HasSubstr("while loading the image"));
  write("says", "FATAL:   exec /no/such failed: no such file or directory\n");
  EXPECT_THAT(engine->run(spec)->reason, HasSubstr("could not be started"));
}

TEST_F(RecordingStub, CannotChooseANumberOfGpus) {
  const auto engine = open();
  auto spec = spec_of(load_sif(*engine));
  spec.gpus = "2";
  EXPECT_EQ(engine->run(spec).error().kind, ErrorKind::kInvalid);
  spec.gpus = "device=0,1";
  ASSERT_TRUE(engine->run(spec).ok());
  EXPECT_THAT(recorded("argv"), Contains("--nv"));
  EXPECT_THAT(recorded("environment"), Contains("APPTAINERENV_NVIDIA_VISIBLE_DEVICES=0,1"));
}

TEST(ApptainerVersion, OthersAreNotTaken) {
  EXPECT_TRUE(read_apptainer_version("apptainer version 1.3.1\n").ok());
  EXPECT_TRUE(read_apptainer_version("singularity-ce version 4.1.0").ok());
  EXPECT_FALSE(read_apptainer_version("endless-sky 0.9 (a game called singularity)").ok());
}

}  // namespace
}  // namespace medperf::engine
