#include "site/review/gate_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"

namespace medperf::site {
namespace {

constexpr std::size_t kLongest = 300;  // of one text of the container's author
constexpr std::string_view kBill = "bill of materials";

struct Words {
  std::string_view task;  ///< empty: every task
  std::string_view label;
  std::string_view holds;
};
// The first that fits counts.
constexpr std::array<Words, 21> kWords = {{
    {"prepare", "data_path", "raw data"},
    {"prepare", "labels_path", "raw labels"},
    {"prepare", "output_path", "prepared data"},
    {"prepare", "output_labels_path", "prepared labels"},
    {"prepare", "report_file", "report of the preparation's progress"},
    {"statistics", "output_path", "statistics, which may leave when you say so"},
    {"infer", "data_path", "prepared data, without labels"},
    {"infer", "output_path", "predictions, which stay here"},
    {"evaluate", "predictions", "the model's predictions"},
    {"evaluate", "labels", "prepared labels"},
    {"evaluate", "output_path", "results, which may leave when you say so"},
    {"evaluate", "local_outputs_path", "outputs for you alone, which stay here"},
    {"run_script", "data_path", "prepared data"},
    {"run_script", "labels_path", "prepared labels"},
    {"run_script", "model_files", "the model's files"},
    {"run_script", "results_path", "results, which may leave when you say so"},
    {"sanity_check", "data_path", "prepared data"},
    {"statistics", "data_path", "prepared data"},
    {"", "metadata_path", "metadata of the preparation, which stays here"},
    {"", "parameters_file", "the container's registered parameters"},
    {"", "additional_files", "the container's additional files"},
}};

std::string holds(const std::string& task, const std::string& label, bool older) {
  for (const Words& words : kWords) {
    if (words.label == label && (words.task.empty() || words.task == task))
      return std::string(words.holds);
  }
  if (label == "labels_path" && (task == "sanity_check" || task == "statistics"))
    return "prepared labels";
  return older ? "a place below the additional files" : "nothing that this site provides";
}

ReportTask report_task(const wire::Task& task, bool older) {
  ReportTask out{task.name, task.gpus, task.shm_size, {}};
  for (const wire::Volume& volume : task.volumes) {
    out.mounts.push_back({printable(volume.label, kLongest), holds(task.name, volume.label, older),
                          older ? std::string("/mlcube_io...") : printable(volume.mount_path, 500),
                          volume.output});
  }
  return out;
}

std::vector<std::string> printable_list(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) out.push_back(printable(word, kLongest));
  return out;
}

Json mounts_json(const ReportTask& task) {
  Json out = Json::array();
  for (const ReportMount& mount : task.mounts) {
    out.push(Json::object({{"label", mount.label},
                           {"holds", mount.holds},
                           {"inside", mount.inside},
                           {"writable", mount.writable}}));
  }
  return out;
}

Json tasks_json(const std::vector<ReportTask>& tasks) {
  Json out = Json::array();
  for (const ReportTask& task : tasks) {
    out.push(Json::object({{"task", task.name},
                           {"gpus", task.gpus},
                           {"shm_size", task.shm_size},
                           {"mounts", mounts_json(task)}}));
  }
  return out;
}

Json list_json(const std::vector<std::string>& words) {
  Json out = Json::array();
  for (const std::string& word : words) out.push(word);
  return out;
}

Json findings_json(const std::vector<engine::Finding>& findings) {
  Json out = Json::array();
  for (const engine::Finding& finding : findings) {
    out.push(Json::object({{"severity", engine::to_string(finding.severity)},
                           {"check", finding.check},
                           {"what", finding.what},
                           {"advice", finding.advice}}));
  }
  return out;
}

Json layers_json(const std::vector<engine::Layer>& layers) {
  Json out = Json::array();
  for (const engine::Layer& layer : layers) {
    out.push(Json::object({{"diff_id", layer.diff_id.prefixed()},
                           {"bytes", static_cast<std::int64_t>(layer.size.value)}}));
  }
  return out;
}

void line(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format("  {:<10} {}\n", name, text);
}

void task_lines(const ReportTask& task, std::string& out) {
  std::string asks;
  if (!task.gpus.empty()) asks += "; asks for GPUs: " + task.gpus;
  if (!task.shm_size.empty()) asks += "; asks for shared memory: " + task.shm_size;
  line(out, "task", printable(task.name, kLongest) + asks);
  for (const ReportMount& mount : task.mounts) {
    line(out, mount.writable ? "  writes" : "  reads",
         fmt::format("{} ({}) at {}", mount.label, mount.holds, mount.inside));
  }
}

/// What becomes of what tasks ask for.
std::vector<std::string> request_sentences(const Policy& policy, const RunWishes& wishes) {
  std::vector<std::string> out;
  for (const std::string& sentence : wish_sentences(wishes))
    out.push_back("you say " + printable(sentence, kLongest));
  if (policy.gpu_limit)
    out.push_back(fmt::format("the policy gives at most {} GPU(s)", *policy.gpu_limit));
  if (policy.shm_limit) {
    out.push_back(fmt::format("the policy gives at most {} of shared memory",
                              medperf::to_string(*policy.shm_limit)));
  }
  return out;
}

}  // namespace

Bytes GateReport::size() const {
  Bytes out{0};
  for (const engine::Layer& layer : layers) out.value += layer.size.value;
  return out;
}

GateReport gate_report(const Admitted& admitted, const Policy& policy, const RunWishes& wishes) {
  const engine::ImageArchive& image = admitted.image;
  GateReport out;
  out.container = admitted.container.id;
  out.name = printable(admitted.container.name, 128);
  out.publisher = admitted.container.owner;
  out.archive = "sha256:" + admitted.archive.hex();
  out.image = image.image.prefixed();
  if (image.manifest) out.manifest = image.manifest->prefixed();
  out.format = image.format;
  out.platform = printable(image.os + "/" + image.architecture, 100);
  out.signature_state = to_string(admitted.signature.state);
  out.signature = printable(admitted.signature.text, kLongest);
  out.user = printable(image.user, 100);
  out.starts = printable_list(image.entrypoint);
  for (std::string& word : printable_list(image.command)) out.starts.push_back(std::move(word));
  if (!admitted.container.parameters.is_null())
    out.parameters = printable(to_text(admitted.container.parameters), 2000);
  out.layers = image.layers;
  for (const auto& [name, task] : admitted.config.tasks)
    out.tasks.push_back(report_task(task, admitted.config.older_format));
  out.walls = policy.required_walls;
  out.limits = policy.limits;
  out.requests = request_sentences(policy, wishes);
  for (const engine::Finding& finding : admitted.findings) {
    if (finding.check == kBill) {
      out.bills.push_back(printable(finding.what, kLongest));
    } else if (finding.check != "signature") {  // it has a line of its own
      out.findings.push_back({finding.severity, printable(finding.check, 80),
                              printable(finding.what, 1000), printable(finding.advice, kLongest)});
    }
  }
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  if (admitted.refusal) out.refusal = printable(admitted.refusal->text(), 1000);
  return out;
}

Json to_json(const GateReport& report) {
  const engine::Limits& limits = report.limits;
  return Json::object(
      {{"medperf", kReportVersion},
       {"container", report.container.value},
       {"name", report.name},
       {"publisher", report.publisher.value},
       {"archive", report.archive},
       {"image", report.image},
       {"manifest", report.manifest},
       {"format", report.format},
       {"platform", report.platform},
       {"signature", Json::object({{"state", report.signature_state}, {"text", report.signature}})},
       {"user", report.user},
       {"starts", list_json(report.starts)},
       {"parameters", report.parameters},
       {"bytes", static_cast<std::int64_t>(report.size().value)},
       {"layers", layers_json(report.layers)},
       {"tasks", tasks_json(report.tasks)},
       {"walls", list_json(report.walls)},
       {"limits", Json::object({{"memory_bytes", static_cast<std::int64_t>(limits.memory.value)},
                                {"pids", limits.pids},
                                {"cpus", limits.cpus},
                                {"wall_seconds", limits.wall.count()}})},
       {"requests", list_json(report.requests)},
       {"findings", findings_json(report.findings)},
       {"bills_of_materials", list_json(report.bills)},
       {"refusal", report.refusal}});
}

std::string report_text(const GateReport& report) {
  std::string out;
  line(out, "image", report.image);
  line(out, "archive", report.archive + ", verified, a " + report.format);
  if (!report.manifest.empty()) line(out, "manifest", report.manifest);
  line(out, "signature", report.signature.empty() ? report.signature_state : report.signature);
  line(out, "platform",
       fmt::format("{}, {} layers, {}", report.platform, report.layers.size(),
                   medperf::to_string(report.size())));
  line(out, "user", report.user.empty() ? "none named" : report.user);
  line(out, "starts", fmt::format("{}", fmt::join(report.starts, " ")));
  for (const ReportTask& task : report.tasks) task_lines(task, out);
  line(out, "behind",
       fmt::format("{} walls: {}", report.walls.size(), fmt::join(report.walls, ", ")));
  line(out, "within",
       fmt::format("{} memory, {} processes, {:.0f} s", medperf::to_string(report.limits.memory),
                   report.limits.pids, report.limits.wall.count()));
  for (const std::string& request : report.requests) line(out, "requests", request);
  for (const std::string& bill : report.bills) line(out, "materials", bill);
  if (report.findings.empty()) line(out, "inspection", "nothing found");
  for (const engine::Finding& finding : report.findings) {
    line(out, "inspection",
         fmt::format("{}: {}: {}{}", engine::to_string(finding.severity), finding.check,
                     finding.what, finding.advice.empty() ? "" : "; " + finding.advice));
  }
  if (!report.parameters.empty()) line(out, "parameters", report.parameters);
  if (!report.refusal.empty()) line(out, "refused", report.refusal);
  return out;
}

}  // namespace medperf::site
