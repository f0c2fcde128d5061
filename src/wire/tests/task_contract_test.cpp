#include "wire/task_contract.h"

#include <gtest/gtest.h>

#include "base/yaml.h"

namespace medperf::wire {
namespace {

std::vector<ContractProblem> check(std::string_view yaml) {
  const auto document = parse_yaml(yaml);
  EXPECT_TRUE(document.ok());
  const auto config = read_container_config(*document);
  EXPECT_TRUE(config.ok()) << config.error().text();
  return config.ok() ? check_contract(*config) : std::vector<ContractProblem>{};
}

constexpr std::string_view kModel = R"(
container_type: DockerArchive
image: https://x.example/m.tar
tasks:
  infer:
    input_volumes:
      data_path: {mount_path: /d, type: directory}
      parameters_file: {mount_path: /p.yaml, type: file}
    output_volumes:
      output_path: {mount_path: /o, type: directory}
)";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(TaskContract, AModelThatKeepsItHasNoProblem) {
  EXPECT_TRUE(check(kModel).empty());
}

TEST(TaskContract, EachDepartureIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {replaced(std::string(kModel), "data_path", "labels"), "tasks.infer.labels"},
      {replaced(std::string(kModel), "output_path", "predictions"), "tasks.infer.output_path"},
      {replaced(std::string(kModel), "{mount_path: /o, type: directory}",
                "{mount_path: /o, type: file}"),
       "tasks.infer.output_path"},
      {replaced(std::string(kModel), "infer:", "prepare:"), "tasks.sanity_check"},
  };
  for (const auto& item : cases) {
    const std::string& where = item.second;
    const auto problems = check(item.first);
    const bool named = std::any_of(problems.begin(), problems.end(), [&](const auto& problem) {
      return problem.where == where && problem.fatal;
    });
    EXPECT_TRUE(named) << where;
  }
}

TEST(TaskContract, InferenceGetsAModelsFilesInAnEvaluationContainerAlone) {
  const std::string model = replaced(
      std::string(kModel),
      "      data_path:", "      model_files: {mount_path: /m, type: directory}\n      data_path:");
  ASSERT_EQ(check(model).size(), 1U);
  EXPECT_EQ(check(model)[0].where, "tasks.infer.model_files");
  const std::string script = model + R"(  evaluate:
    input_volumes:
      predictions: {mount_path: /p, type: directory}
      labels: {mount_path: /l, type: directory}
    output_volumes:
      output_path: {mount_path: /r.yaml, type: file}
)";
  EXPECT_TRUE(check(script).empty());
  EXPECT_FALSE(check(replaced(script, "data_path", "labels_path")).empty());
}

TEST(TaskContract, AnUnknownTaskIsNotFatal) {
  const auto problems = check(replaced(std::string(kModel), "infer:", "polish:"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_FALSE(problems[0].fatal);
}

TEST(TaskContract, TheOlderFormatTakesInputsFromItsAdditionalFiles) {
  EXPECT_TRUE(check(R"(
docker: {image: https://x.example/m.tar}
tasks:
  infer:
    parameters:
      inputs: {data_path: data/, weights: additional_files/w.pt}
      outputs: {output_path: predictions/}
)")
                  .empty());
}

}  // namespace
}  // namespace medperf::wire
