// The container contract, section by section: what existing containers ask for, and get.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/yaml.h"
#include "wire/container_config.h"
#include "wire/task_contract.h"

namespace medperf::wire {
namespace {

using Paths = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

Result<ContainerConfig> read(std::string_view yaml) {
  auto document = parse_yaml(yaml);
  EXPECT_TRUE(document.ok()) << document.error().text();
  return read_container_config(document.value_or(Json()));
}

/// The plan in short: "label host -> inside ro".
Words lines_of(const TaskPlan& plan) {
  Words out;
  for (const PlannedMount& mount : plan.mounts) {
    out.push_back(mount.label + " " + mount.host + " -> " + mount.container +
                  (mount.writable ? " rw" : " ro") +
                  (mount.kind == MountKind::kFile ? " file" : ""));
  }
  return out;
}

std::string with_arguments(const std::string& arguments) {
  return "container_type: DockerImage\nimage: a\ntasks: {infer: {run_args: {" + arguments + "}}}\n";
}

constexpr std::string_view kPreparator = R"(
container_type: DockerArchive
image: https://x.example/p.tar
tasks:
  prepare:
    run_args: {command: prepare}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/raw_data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/raw_labels, type: directory}
      parameters_file: {mount_path: /mlcommons/volumes/parameters/parameters_file.yaml, type: file}
      additional_files: {mount_path: /mlcommons/volumes/additional_files, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/data, type: directory}
      output_labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
      metadata_path: {mount_path: /mlcommons/volumes/metadata, type: directory}
      report_file: {mount_path: /mlcommons/volumes/report/report.yaml, type: file}
  sanity_check:
    run_args: {command: sanity_check}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
      metadata_path: {mount_path: /mlcommons/volumes/metadata, type: directory}
  statistics:
    run_args: {command: statistics}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
      metadata_path: {mount_path: /mlcommons/volumes/metadata, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/statistics/statistics.yaml, type: file}
)";

TEST(Contract, APreparatorWithReportAndMetadataGetsEveryMount) {
  const auto config = read(kPreparator);
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_TRUE(check_contract(*config).empty());
  const auto plan = plan_task(*config, *config->task("prepare"),
                              Paths{{"data_path", "/h/raw"},
                                    {"labels_path", "/h/raw_labels"},
                                    {"parameters_file", "/h/p.yaml"},
                                    {"additional_files", "/h/files"},
                                    {"output_path", "/h/data"},
                                    {"output_labels_path", "/h/labels"},
                                    {"metadata_path", "/h/metadata"},
                                    {"report_file", "/h/report/report.yaml"}},
                              "/h");
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  EXPECT_EQ(lines_of(*plan),
            (Words{"data_path /h/raw -> /mlcommons/volumes/raw_data ro",
                   "labels_path /h/raw_labels -> /mlcommons/volumes/raw_labels ro",
                   "parameters_file /h/p.yaml -> "
                   "/mlcommons/volumes/parameters/parameters_file.yaml ro file",
                   "additional_files /h/files -> /mlcommons/volumes/additional_files ro",
                   "output_path /h/data -> /mlcommons/volumes/data rw",
                   "output_labels_path /h/labels -> /mlcommons/volumes/labels rw",
                   "metadata_path /h/metadata -> /mlcommons/volumes/metadata rw",
                   "report_file /h/report/report.yaml -> "
                   "/mlcommons/volumes/report/report.yaml rw file"}));
  // Metadata is an input once it was prepared.
  const auto check = plan_task(
      *config, *config->task("sanity_check"),
      Paths{{"data_path", "/h/data"}, {"labels_path", "/h/labels"}, {"metadata_path", "/h/m"}},
      "/h");
  ASSERT_TRUE(check.ok());
  for (const PlannedMount& mount : check->mounts) EXPECT_FALSE(mount.writable) << mount.label;
}

TEST(Contract, AnEvaluatorMayKeepOutputsAtTheSite) {
  const auto config = read(R"(
container_type: DockerArchive
image: https://x.example/e.tar
tasks:
  evaluate:
    input_volumes:
      predictions: {mount_path: /mlcommons/volumes/predictions, type: directory}
      labels: {mount_path: /mlcommons/volumes/labels, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/results/results.yaml, type: file}
      local_outputs_path: {mount_path: /mlcommons/volumes/local_outputs, type: directory}
)");
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_TRUE(check_contract(*config).empty());
}

TEST(Contract, WhatATaskDoesNotListItDoesNotGet) {
  const auto config = read(R"(
container_type: DockerImage
image: a
tasks:
  sanity_check:
    input_volumes: {data_path: {mount_path: /d, type: directory}}
)");
  ASSERT_TRUE(config.ok());
  const auto plan = plan_task(*config, *config->task("sanity_check"),
                              Paths{{"data_path", "/h/d"}, {"labels_path", "/h/l"}}, "/h");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(lines_of(*plan), Words{"data_path /h/d -> /d ro"});
}

TEST(Contract, EveryContainerTypeIsRead) {
  for (const auto& [name, type] : std::vector<std::pair<std::string, ContainerType>>{
           {"DockerImage", ContainerType::kDockerImage},
           {"DockerArchive", ContainerType::kDockerArchive},
           {"SingularityFile", ContainerType::kSingularityFile},
           {"EncryptedDockerArchive", ContainerType::kEncryptedDockerArchive},
           {"EncryptedSingularityFile", ContainerType::kEncryptedSingularityFile}}) {
    const auto config = read("container_type: " + name + "\nimage: a\ntasks: {infer: }\n");
    ASSERT_TRUE(config.ok()) << name;
    EXPECT_EQ(config->type, type) << name;
  }
}

TEST(Contract, GpuRequests) {
  const std::vector<std::pair<std::string, std::string>> accepted = {
      {"2", "2"},
      {"'2'", "2"},
      {"0", "0"},
      {"all", "all"},
      {"'device=0,1'", "device=0,1"},
      {"device=GPU-7f", "device=GPU-7f"},
      {"null", ""}};
  for (const auto& [yaml, gpus] : accepted) {
    const auto config = read(with_arguments("gpus: " + yaml));
    ASSERT_TRUE(config.ok()) << yaml << ": " << config.error().text();
    EXPECT_EQ(config->task("infer")->gpus, gpus) << yaml;
  }
  for (const auto* yaml : {"-1", "1.5", "some", "'device='", "'all --privileged'", "[0, 1]"})
    EXPECT_FALSE(read(with_arguments(std::string("gpus: ") + yaml)).ok()) << yaml;
}

TEST(Contract, SharedMemoryAsEnginesTakeIt) {
  const std::vector<std::pair<std::string, std::string>> accepted = {
      {"2g", "2g"},       {"2G", "2g"},           {"64m", "64m"},          {"1024", "1024"},
      {"'512b'", "512b"}, {"2gb", "2147483648b"}, {"2GiB", "2147483648b"}, {"1.5g", "1610612736b"},
      {"'12 g'", "12g"}};
  for (const auto& [yaml, size] : accepted) {
    const auto config = read(with_arguments("shm_size: " + yaml));
    ASSERT_TRUE(config.ok()) << yaml << ": " << config.error().text();
    EXPECT_EQ(config->task("infer")->shm_size, size) << yaml;
  }
  for (const auto* yaml : {"g", "--privileged", "-1g", "2x", "2gg", "1e30", "nan", "2bib", "999t"})
    EXPECT_FALSE(read(with_arguments(std::string("shm_size: ") + yaml)).ok()) << yaml;
}

TEST(Contract, TheOlderSharedMemoryIsHeldToTheSameRule) {
  const auto with = [](const std::string& arguments) {
    return read("docker: {image: a, gpu_args: '" + arguments + "'}\ntasks: {infer: }\n");
  };
  EXPECT_EQ(with("--gpus=all --shm-size=12g")->task("infer")->shm_size, "12g");
  EXPECT_EQ(with("--gpus=all")->task("infer")->shm_size, "");
  EXPECT_EQ(with("--shm-size --privileged").error().where, "docker.gpu_args");
  EXPECT_FALSE(with("--shm-size=1g,x").ok());
}

TEST(Contract, VariablesKeepTheirForm) {
  const auto config =
      read(with_arguments("environment: {A: text, B: 1, C: 0.5, D: true, E: '', F: 'a=b c'}"));
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(
      config->task("infer")->environment,
      (Paths{{"A", "text"}, {"B", "1"}, {"C", "0.5"}, {"D", "True"}, {"E", ""}, {"F", "a=b c"}}));
}

TEST(Contract, TwoVolumesOnOneMountPathAreRefusedHoweverItIsSpelt) {
  EXPECT_FALSE(read("container_type: DockerImage\nimage: a\ntasks: {t: {input_volumes: "
                    "{a: {mount_path: /x, type: directory}, b: {mount_path: /x/, type: "
                    "directory}}}}\n")
                   .ok());
}

// 2022 style: labels lie inside the prepared data, and no task lists them.
constexpr std::string_view kOldPreparator = R"(
platform: {accelerator_count: 0}
docker: {image: some/preparator:1}
tasks:
  prepare:
    parameters:
      inputs: {data_path: raw/, labels_path: raw_labels/, parameters_file: parameters.yaml}
      outputs: {output_path: prepared/}
  sanity_check:
    parameters:
      inputs: {data_path: prepared/, parameters_file: parameters.yaml}
  statistics:
    parameters:
      inputs: {data_path: prepared/, parameters_file: parameters.yaml}
      outputs: {output_path: {type: file, default: statistics.yaml}}
)";

TEST(Contract, AnOldPreparatorWithoutALabelsOutputIsWhole) {
  const auto config = read(kOldPreparator);
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_TRUE(check_contract(*config).empty());
  EXPECT_FALSE(config->task("prepare")->declares("output_labels_path"));
  const auto plan = plan_task(*config, *config->task("statistics"),
                              Paths{{"data_path", "/h/data/"},
                                    {"parameters_file", "/tmp/"},
                                    {"output_path", "/h/out/statistics.yaml"}},
                              "/h/work");
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  EXPECT_EQ(plan->command.back(), "--output_path=/mlcube_io2/statistics.yaml");
  // A trailing slash of the given path means a directory, whatever the default says.
  EXPECT_EQ(plan->command[2], "--parameters_file=/mlcube_io1");
}

TEST(Contract, TheExtensionsTasksAreNeverRunAndSaidSo) {
  for (const auto* task :
       {"generate_plan", "train", "start_aggregator", "get_experiment_status", "update_plan",
        "get_client_cert", "get_server_cert", "trust", "verify_cert"}) {
    const auto config =
        read("container_type: DockerImage\nimage: a\ntasks: {" + std::string(task) + ": }\n");
    ASSERT_TRUE(config.ok()) << task;
    const auto problems = check_contract(*config);
    ASSERT_EQ(problems.size(), 1U) << task;
    EXPECT_FALSE(problems[0].fatal) << task;
  }
}

TEST(Contract, AScriptNeedsItsLabels) {
  const std::string begin = "container_type: DockerImage\nimage: a\ntasks: {run_script: {";
  const auto whole = read(begin +
                          "input_volumes: {data_path: {mount_path: /d, type: directory}, "
                          "labels_path: {mount_path: /l, type: directory}, "
                          "model_files: {mount_path: /m, type: directory}}, "
                          "output_volumes: {results_path: {mount_path: /r, type: directory}}}}\n");
  ASSERT_TRUE(whole.ok());
  EXPECT_TRUE(check_contract(*whole).empty());
  const auto empty = read(begin + "}}\n");
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(check_contract(*empty).size(), 3U) << "data_path, model_files, results_path";
}

TEST(Contract, NoTaskIsGivenWhatItMayNotSee) {
  const std::vector<std::pair<std::string, std::string>> forbidden = {
      {"infer", "labels_path"},         {"infer", "labels"},       {"infer", "predictions"},
      {"infer", "metadata_path"},       {"evaluate", "data_path"}, {"evaluate", "labels_path"},
      {"sanity_check", "labels"},       {"statistics", "labels"},  {"prepare", "predictions"},
      {"prepare", "local_outputs_path"}};
  for (const auto& [task, label] : forbidden) {
    const auto config =
        read("container_type: DockerImage\nimage: a\ntasks: {" + task + ": {input_volumes: {" +
             label + ": {mount_path: /x, type: directory}}}}\n");
    ASSERT_TRUE(config.ok());
    const auto problems = check_contract(*config);
    const std::string where = "tasks." + task + "." + label;
    const bool named = std::any_of(problems.begin(), problems.end(), [&](const auto& problem) {
      return problem.where == where && problem.fatal;
    });
    EXPECT_TRUE(named) << where;
  }
}

}  // namespace
}  // namespace medperf::wire
