#include "wire/container_config.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/yaml.h"
#include "wire/shell_words.h"

namespace medperf::wire {
namespace {

Result<ContainerConfig> read_text(std::string_view yaml) {
  auto document = parse_yaml(yaml);
  EXPECT_TRUE(document.ok()) << document.error().text();
  return read_container_config(document.value_or(Json()));
}

constexpr std::string_view kModel = R"(
container_type: DockerArchive
image: https://vendor.example/model.tar
unknown: ignored
tasks:
  infer:
    run_args:
      command: python3 /project/infer.py --name 'a b'
      entrypoint: /bin/sh -c
      environment: {THREADS: 1, FAST: true, NAME: x}
      shm_size: 2g
      gpus: all
    input_volumes:
      data_path:       {mount_path: /mlcommons/volumes/data, type: directory}
      parameters_file: {mount_path: /mlcommons/volumes/parameters/parameters.yaml, type: file}
    output_volumes:
      output_path:     {mount_path: /mlcommons/volumes/predictions, type: directory}
)";

TEST(CurrentFormat, ReadsAndPlans) {
  const auto config = read_text(kModel);
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->type, ContainerType::kDockerArchive);
  EXPECT_FALSE(config->older_format);
  const Task* task = config->task("infer");
  ASSERT_NE(task, nullptr);
  EXPECT_EQ(config->task("train"), nullptr);
  EXPECT_TRUE(task->declares("data_path"));
  EXPECT_FALSE(task->declares("labels_path"));
  EXPECT_EQ(task->shm_size, "2g");
  EXPECT_EQ(task->gpus, "all");
  const std::map<std::string, std::string> paths = {{"data_path", "/s/data/"},
                                                    {"labels_path", "/s/labels"},
                                                    {"parameters_file", "/s/p.yaml"},
                                                    {"output_path", "/s/out"}};
  const auto plan = plan_task(*config, *task, paths, "/s/work");
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  ASSERT_EQ(plan->mounts.size(), 3U);
  EXPECT_EQ(plan->mounts[0].host, "/s/data");
  EXPECT_EQ(plan->mounts[0].container, "/mlcommons/volumes/data");
  EXPECT_FALSE(plan->mounts[0].writable);
  EXPECT_EQ(plan->mounts[1].kind, MountKind::kFile);
  EXPECT_TRUE(plan->mounts[2].writable);
  EXPECT_EQ(plan->command,
            (std::vector<std::string>{"python3", "/project/infer.py", "--name", "a b"}));
  EXPECT_EQ(plan->entrypoint, "/bin/sh -c");  // one argument, never split
  EXPECT_EQ(plan->environment, (std::map<std::string, std::string>{
                                   {"FAST", "True"}, {"NAME", "x"}, {"THREADS", "1"}}));
  // Planning again gives the same: the config is not used up.
  EXPECT_EQ(plan_task(*config, *task, paths, "/s/work")->command, plan->command);
}

TEST(CurrentFormat, MissingLabelIsNamed) {
  const auto config = read_text(kModel);
  ASSERT_TRUE(config.ok());
  const auto plan =
      plan_task(*config, *config->task("infer"), {{"data_path", "/d"}, {"output_path", "/o"}}, "");
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(plan.error().where, "tasks.infer.parameters_file");
  EXPECT_NE(plan.error().advice.find("data_path, output_path"), std::string::npos);
}

TEST(CurrentFormat, CommandAsAListIsUsedAsItIs) {
  const auto config = read_text(
      "container_type: DockerImage\nimage: a/b:1\n"
      "tasks: {infer: {run_args: {command: ['run me', \"it's\"]}}}\n");
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->task("infer")->command, (std::vector<std::string>{"run me", "it's"}));
}

std::string error_at(std::string_view yaml) {
  const auto config = read_text(yaml);
  if (config.ok()) return "";
  EXPECT_EQ(config.error().kind, ErrorKind::kInvalid);
  return config.error().where;
}

// A config whose task `t` is the given text.
std::string with_task(const std::string& task) {
  return "container_type: DockerImage\nimage: a\ntasks: {t: " + task + "}\n";
}

TEST(CurrentFormat, EveryMistakeIsRefusedWithItsPlace) {
  EXPECT_EQ(error_at("[1]"), "");
  EXPECT_FALSE(read_text("[1]").ok());
  EXPECT_EQ(error_at("{image: a, tasks: {t: {}}}"), "container_type");
  EXPECT_EQ(error_at("{container_type: mlcube, image: a, tasks: {t: {}}}"), "container_type");
  EXPECT_EQ(error_at("{container_type: DockerImage, tasks: {t: {}}}"), "image");
  EXPECT_EQ(error_at("{container_type: DockerImage, image: --privileged, tasks: {t: {}}}"),
            "image");
  EXPECT_EQ(error_at("{container_type: DockerImage, image: a}"), "tasks");
  EXPECT_EQ(error_at("{container_type: DockerImage, image: a, tasks: {}}"), "tasks");
  EXPECT_EQ(error_at(with_task("{input_volumes: [a]}")), "tasks.t.input_volumes");
  EXPECT_EQ(error_at(with_task("{input_volumes: {d: /x}}")), "tasks.t.input_volumes.d");
  EXPECT_EQ(error_at(with_task("{input_volumes: {d: {type: file}}}")),
            "tasks.t.input_volumes.d.mount_path");
  EXPECT_EQ(error_at(with_task("{input_volumes: {d: {mount_path: /x}}}")),
            "tasks.t.input_volumes.d.type");
  EXPECT_EQ(error_at(with_task("{input_volumes: {d: {mount_path: /x, type: socket}}}")),
            "tasks.t.input_volumes.d.type");
  for (const auto* path : {"x", "/", "/a/../b", "/a/..", "'/a:rw'", "'/a,b'"}) {
    EXPECT_EQ(error_at(with_task("{output_volumes: {d: {mount_path: " + std::string(path) +
                                 ", type: file}}}")),
              "tasks.t.output_volumes.d.mount_path")
        << path;
  }
  EXPECT_EQ(error_at(with_task("{input_volumes: {a: {mount_path: /x, type: file}}, "
                               "output_volumes: {b: {mount_path: /x, type: file}}}")),
            "tasks.t.b");
  EXPECT_EQ(error_at(with_task("{run_args: {command: [1]}}")), "tasks.t.run_args.command[0]");
  EXPECT_EQ(error_at(with_task("{run_args: {gpus: some}}")), "tasks.t.run_args.gpus");
  EXPECT_EQ(error_at(with_task("{run_args: {shm_size: --x}}")), "tasks.t.run_args.shm_size");
  EXPECT_EQ(error_at(with_task("{run_args: {environment: {'A=B': c}}}")),
            "tasks.t.run_args.environment");
  EXPECT_EQ(error_at(with_task("{run_args: {environment: {A: [c]}}}")),
            "tasks.t.run_args.environment.A");
}

TEST(CurrentFormat, UnknownRunArgumentsAreAllNamed) {
  const auto config = read_text(with_task("{run_args: {command: a, user: root, network: host}}"));
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().what.find("user, network"), std::string::npos);
}

TEST(CurrentFormat, UnknownTypeListsTheAcceptedOnes) {
  const auto config = read_text("{container_type: Docker, image: a, tasks: {t: {}}}");
  ASSERT_FALSE(config.ok());
  for (const auto* name : {"DockerImage", "DockerArchive", "SingularityFile",
                           "EncryptedDockerArchive", "EncryptedSingularityFile"}) {
    EXPECT_NE(config.error().advice.find(name), std::string::npos);
  }
}

class OlderFormat : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() /
            ("older_config_" + std::to_string(::getpid()) + "_" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(root_ / "work" / "additional_files");
    std::ofstream(root_ / "work" / "parameters.yaml") << "a: 1\n";
    std::ofstream(root_ / "work" / "additional_files" / "w.pt") << "weights\n";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  Result<TaskPlan> plan(std::string_view yaml, const std::string& task,
                        const std::map<std::string, std::string>& paths) {
    const auto config = read_text(yaml);
    if (!config.ok()) return config.error();
    EXPECT_TRUE(config->older_format);
    return plan_task(*config, *config->task(task), paths, (root_ / "work").string());
  }

  std::filesystem::path root_;
};

constexpr std::string_view kOlder = R"(
name: preparator
platform: {accelerator_count: 0}
docker:
  image: some-namespace/some-image:tag
  gpu_args: "--privileged --shm-size 12g -v /:/host"
tasks:
  prepare:
    parameters:
      inputs:  {data_path: raw/, labels_path: raw_labels/, parameters_file: parameters.yaml, weights: additional_files/w.pt}
      outputs: {output_path: data/, output_labels_path: labels/, report_file: {type: file, default: report.yaml}}
  sanity_check:
    entrypoint: python3 -u /check.py
    parameters:
      inputs: {data_path: data/}
)";

TEST_F(OlderFormat, NumbersFoldersInOrderOfFirstUse) {
  const auto planned = plan(kOlder, "prepare",
                            {{"data_path", "/h/raw"},
                             {"labels_path", "/h/raw"},
                             {"output_path", "/h/out/data"},
                             {"output_labels_path", "/h/out/labels/"},
                             {"report_file", "/h/report/report.yaml"}});
  ASSERT_TRUE(planned.ok()) << planned.error().text();
  EXPECT_EQ(planned->command,
            (std::vector<std::string>{
                "prepare", "--data_path=/mlcube_io0", "--labels_path=/mlcube_io0",
                "--parameters_file=/mlcube_io1/parameters.yaml", "--weights=/mlcube_io2/w.pt",
                "--output_path=/mlcube_io3", "--output_labels_path=/mlcube_io4",
                "--report_file=/mlcube_io5/report.yaml"}));
  ASSERT_EQ(planned->mounts.size(), 6U);
  EXPECT_EQ(planned->mounts[1].host, (root_ / "work").string());
  EXPECT_EQ(planned->mounts[2].host, (root_ / "work" / "additional_files").string());
  EXPECT_EQ(planned->mounts[5].host, "/h/report");
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(planned->mounts[i].writable, i >= 3) << i;
    EXPECT_EQ(planned->mounts[i].kind, MountKind::kDirectory);
  }
  EXPECT_FALSE(planned->entrypoint.has_value());
}

TEST(OlderFormatImage, AnAddressIsAnArchiveAndElseARegistrysReference) {
  const auto type_of = [](const std::string& image) {
    const Json document = Json::object(
        {{"docker", Json::object({{"image", image}})},
         {"tasks", Json::object({{"infer", Json::object({{"parameters", Json::object()}})}})}});
    const auto config = read_container_config(document);
    EXPECT_TRUE(config.ok()) << config.error().text();
    return config.ok() ? config->type : ContainerType::kSingularityFile;
  };
  EXPECT_EQ(type_of("https://x.example/m.tar"), ContainerType::kDockerArchive);
  EXPECT_EQ(type_of("direct:https://x.example/m.tar"), ContainerType::kDockerArchive);
  EXPECT_EQ(type_of("group/model:1"), ContainerType::kDockerImage);
}

TEST_F(OlderFormat, EntrypointIsSplitAndReplacesTheTaskName) {
  const auto planned = plan(kOlder, "sanity_check", {{"data_path", "/h/data"}});
  ASSERT_TRUE(planned.ok());
  EXPECT_EQ(planned->entrypoint, "python3");
  EXPECT_EQ(planned->command,
            (std::vector<std::string>{"-u", "/check.py", "--data_path=/mlcube_io0"}));
}

TEST_F(OlderFormat, OnlyTheShmSizeOfTheGpuArgumentsCounts) {
  const auto config = read_text(kOlder);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->task("prepare")->shm_size, "12g");
  EXPECT_EQ(config->task("prepare")->gpus, "");
}

std::string older_task(const std::string& parameters) {
  return "docker: {image: a}\ntasks: {t: {parameters: " + parameters + "}}\n";
}

TEST_F(OlderFormat, AnOutputSharesTheMountOfAnInputAndMakesItWritable) {
  const auto planned = plan(older_task("{inputs: {a: a/}, outputs: {b: {type: file, default: x}}}"),
                            "t", {{"a", "/h/one"}, {"b", "/h/one/b.yaml"}});
  ASSERT_TRUE(planned.ok());
  ASSERT_EQ(planned->mounts.size(), 1U);
  EXPECT_TRUE(planned->mounts[0].writable);
  EXPECT_EQ(planned->command[2], "--b=/mlcube_io0/b.yaml");
}

TEST_F(OlderFormat, UnknownTypesAreLookedUpForInputsAndRefusedForOutputs) {
  const std::string folder = (root_ / "work").string();
  auto planned = plan(older_task("{inputs: {a: x}}"), "t", {{"a", folder}});
  ASSERT_TRUE(planned.ok());
  EXPECT_EQ(planned->mounts[0].host, folder);
  planned = plan(older_task("{inputs: {a: x}}"), "t", {{"a", folder + "/parameters.yaml"}});
  ASSERT_TRUE(planned.ok());
  EXPECT_EQ(planned->command[1], "--a=/mlcube_io0/parameters.yaml");
  EXPECT_FALSE(plan(older_task("{inputs: {a: x}}"), "t", {{"a", folder + "/none"}}).ok());
  EXPECT_FALSE(plan(older_task("{outputs: {a: x}}"), "t", {{"a", folder}}).ok());
  EXPECT_TRUE(plan(older_task("{outputs: {a: x}}"), "t", {{"a", folder + "/"}}).ok());
}

TEST_F(OlderFormat, DefaultsMayNotLeaveTheWorkspace) {
  for (const auto* path : {"/etc/", "../other/", "a/../../b/", "~/x/", "$HOME/x/"}) {
    const std::string text = older_task("{inputs: {a: '" + std::string(path) + "'}}");
    const auto planned = plan(text, "t", {});
    ASSERT_FALSE(planned.ok()) << path;
    EXPECT_EQ(planned.error().kind, ErrorKind::kRefused) << path;
    EXPECT_TRUE(plan(text, "t", {{"a", "/h/given"}}).ok()) << path;
  }
}

TEST_F(OlderFormat, AFileThatIsTheWorkspaceWouldMountItsParent) {
  for (const auto* path : {".", "./", "a/.."}) {
    const std::string entry = "{type: file, default: '" + std::string(path) + "'}";
    EXPECT_FALSE(plan(older_task("{inputs: {a: " + entry + "}}"), "t", {}).ok()) << path;
  }
}

TEST_F(OlderFormat, SingularityAloneIsRefused) {
  EXPECT_EQ(error_at("singularity: {image: a.sif}\ntasks: {t: {}}\n"), "docker.image");
}

TEST(ShellWords, FollowPosixQuoting) {
  using Words = std::vector<std::string>;
  const auto words = [](std::string_view text) { return split_shell_words(text).value_or({"!"}); };
  EXPECT_EQ(words("a  b\tc\n"), (Words{"a", "b", "c"}));
  EXPECT_EQ(words("a'b c'd"), (Words{"ab cd"}));
  EXPECT_EQ(words(R"("a\"b\\c\d" e\ f)"), (Words{R"(a"b\c\d)", "e f"}));
  EXPECT_EQ(words(R"('a\b')"), (Words{R"(a\b)"}));
  EXPECT_EQ(words("'' \"\""), (Words{"", ""}));
  EXPECT_EQ(words("$HOME `id` *"), (Words{"$HOME", "`id`", "*"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_FALSE(split_shell_words("a 'b").ok());
  EXPECT_FALSE(split_shell_words("a \"b").ok());
  EXPECT_FALSE(split_shell_words("a\\").ok());
}

}  // namespace
}  // namespace medperf::wire
