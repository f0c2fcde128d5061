#include "wire/task_contract.h"

#include <algorithm>
#include <array>
#include <span>

#include "wire/config_reading.h"

namespace medperf::wire {
namespace {

struct Label {
  std::string_view name;
  bool output = false;
  bool needed = false;
  MountKind kind = MountKind::kDirectory;
};

constexpr MountKind kFile = MountKind::kFile;

constexpr std::array kPrepare = {
    Label{"data_path", false, true},  Label{"labels_path"},
    Label{"output_path", true, true}, Label{"output_labels_path", true},
    Label{"metadata_path", true},     Label{"report_file", true, false, kFile},
};
constexpr std::array kCheck = {Label{"data_path", false, true}, Label{"labels_path"},
                               Label{"metadata_path"}};
constexpr std::array kStatistics = {Label{"data_path", false, true}, Label{"labels_path"},
                                    Label{"metadata_path"},
                                    Label{"output_path", true, true, kFile}};
constexpr std::array kInfer = {Label{"data_path", false, true}, Label{"output_path", true, true}};
/// Of an evaluation container, for models given as files.
constexpr std::array kInferWithFiles = {Label{"data_path", false, true},
                                        Label{"model_files", false, true},
                                        Label{"output_path", true, true}};
constexpr std::array kEvaluate = {Label{"predictions", false, true}, Label{"labels", false, true},
                                  Label{"output_path", true, true, kFile},
                                  Label{"local_outputs_path", true}};
/// Inference and evaluation in one container, the model given as files.
constexpr std::array kRunScript = {Label{"data_path", false, true}, Label{"labels_path"},
                                   Label{"model_files", false, true},
                                   Label{"results_path", true, true}};
constexpr std::array kEvery = {Label{"parameters_file", false, false, kFile},
                               Label{"additional_files"}};

struct TaskContract {
  std::string_view task;
  std::span<const Label> labels;
};
constexpr std::array kTasks = {
    TaskContract{"prepare", kPrepare},       TaskContract{"sanity_check", kCheck},
    TaskContract{"statistics", kStatistics}, TaskContract{"infer", kInfer},
    TaskContract{"evaluate", kEvaluate},     TaskContract{"run_script", kRunScript},
};

const Label* find(std::span<const Label> labels, std::string_view name) {
  const auto found = std::find_if(labels.begin(), labels.end(),
                                  [&](const Label& label) { return label.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

void check_volume(const Task& task, const Volume& volume, std::span<const Label> labels, bool older,
                  std::vector<ContractProblem>& out) {
  const std::string where = join_path(join_path("tasks", task.name), volume.label);
  const Label* label = find(labels, volume.label);
  if (label == nullptr) label = find(kEvery, volume.label);
  if (label == nullptr) {
    // In the older format an input that nobody provides is a place below the additional files.
    if (!older || volume.output) out.push_back({where, "nobody provides this label in this task"});
    return;
  }
  if (label->output != volume.output)
    out.push_back({where, label->output ? "this is an output" : "this is an input"});
  if (volume.kind_known && label->kind != volume.kind)
    out.push_back({where, label->kind == kFile ? "this is a file" : "this is a directory"});
}

void check_task(const Task& task, const TaskContract& contract, bool older,
                std::vector<ContractProblem>& out) {
  for (const Volume& volume : task.volumes) check_volume(task, volume, contract.labels, older, out);
  for (const Label& label : contract.labels) {
    if (label.needed && !task.declares(label.name)) {
      out.push_back({join_path(join_path("tasks", task.name), label.name),
                     "the task does nothing without this label"});
    }
  }
}

}  // namespace

bool infers_with_files(const ContainerConfig& config) {
  const Task* infer = config.task("infer");
  return infer != nullptr && infer->declares("model_files") && config.task("evaluate") != nullptr;
}

std::vector<ContractProblem> check_contract(const ContainerConfig& config) {
  std::vector<ContractProblem> out;
  for (const auto& item : config.tasks) {
    const Task& task = item.second;
    const auto contract = std::find_if(kTasks.begin(), kTasks.end(), [&](const TaskContract& one) {
      return one.task == task.name;
    });
    if (contract == kTasks.end()) {
      out.push_back(
          {join_path("tasks", task.name), "this client never runs a task of this name", false});
    } else if (task.name == "infer" && infers_with_files(config)) {
      check_task(task, {task.name, kInferWithFiles}, config.older_format, out);
    } else {
      check_task(task, *contract, config.older_format, out);
    }
  }
  if (config.tasks.contains("prepare")) {
    for (const std::string_view needed : {"sanity_check", "statistics"}) {
      if (config.task(needed) == nullptr)
        out.push_back({join_path("tasks", needed), "a preparator needs this task"});
    }
  }
  return out;
}

}  // namespace medperf::wire
