#include "engine/scheduler/slurm_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include "base/encoding.h"

namespace medperf::engine {
namespace {

// What the engine's own processes take beside the container.
constexpr std::uint64_t kEngineMib = 256;

std::string in_quotes(std::string_view word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

SlurmTaskSize task_size(const Job& job, Seconds spare) {
  const RunSpec& spec = job.spec;
  const Wish wish = wish_of(spec);
  SlurmTaskSize out;
  out.cpus = std::max(1, static_cast<int>(std::ceil(wish.cores)));
  std::uint64_t memory = wish.memory.value;
  if (job.sealed) memory += memory_needed(*job.sealed, kMostCopies).value;
  out.memory_mib = ((memory + (1U << 20) - 1) >> 20) + kEngineMib;
  out.minutes = static_cast<std::uint64_t>(std::ceil((spec.limits.wall + spare).count() / 60));
  out.gpus = wish.gpus == kAllGpus ? 1 : wish.gpus;
  return out;
}

std::vector<std::string> sbatch_words(const SlurmBatch& batch, const SlurmPlace& place) {
  std::vector<std::string> out = {
      "sbatch", "--parsable", "--requeue",
      // All of the little that sbatch itself is given; any other choice runs a login shell.
      "--export=ALL", "--nodes=1", "--ntasks=1", "--open-mode=append", "--job-name=" + batch.name,
      fmt::format("--array=0-{}", batch.tasks - 1),
      fmt::format("--cpus-per-task={}", batch.size.cpus),
      fmt::format("--mem={}M", batch.size.memory_mib), fmt::format("--time={}", batch.size.minutes),
      "--chdir=/", fmt::format("--output={}/{}-%a.log", batch.log_folder.native(), batch.name)};
  if (batch.size.gpus > 0) out.push_back(fmt::format("--gres=gpu:{}", batch.size.gpus));
  if (!place.partition.empty()) out.push_back("--partition=" + place.partition);
  if (!place.account.empty()) out.push_back("--account=" + place.account);
  if (!place.qos.empty()) out.push_back("--qos=" + place.qos);
  out.insert(out.end(), place.more.begin(), place.more.end());
  out.push_back(batch.script.native());
  return out;
}

std::string batch_script(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& environment) {
  std::string out = "#!/bin/sh\n";
  for (const auto& [name, value] : environment) {
    out += fmt::format("export {}={}\n", name, in_quotes(value));
  }
  out += "exec";
  for (const std::string& word : command) out += " " + in_quotes(word);
  return out + "\n";
}

std::string batch_number(std::string_view output) {
  // "123" or "123;cluster".
  std::string_view number = trim(output);
  number = number.substr(0, number.find(';'));
  return is_number(number) ? std::string(number) : std::string();
}

std::string refusal_reason(std::string_view said) {
  // What slurmctld answers to requests that cannot be met (slurm_errno.c of 22.05).
  constexpr std::array<std::string_view, 13> kRefusals = {
      "Invalid generic resource (gres) specification",
      "Requested node configuration is not available",
      "Requested partition configuration not available",
      "Invalid account or account/partition combination specified",
      "Invalid qos specification",
      "Invalid partition name specified",
      "invalid partition specified",
      "Memory required by task is not available",
      "Requested time limit is invalid",
      "CPU count per node can not be satisfied",
      "More processors requested than permitted",
      "Job violates accounting/QOS policy",
      "User's group not permitted to use this partition"};
  for (const std::string_view reason : kRefusals) {
    if (said.find(reason) != std::string_view::npos) return std::string(reason);
  }
  return {};
}

std::string refusal_advice(const SlurmTaskSize& size) {
  std::string out = fmt::format("it asks for {} core(s), {} MiB, {} minute(s)", size.cpus,
                                size.memory_mib, size.minutes);
  if (size.gpus > 0) {
    out += fmt::format(
        " and {} GPU(s) (--gres=gpu:{}): name a partition whose nodes have so many in "
        "scheduler.slurm.partition, or run without (--gpus 0)",
        size.gpus, size.gpus);
  } else {
    out += ": lower the policy's limits, or correct scheduler.slurm.* of the configuration";
  }
  return out;
}

bool SlurmTask::held() const {
  return reason.find("held") != std::string::npos || reason.find("Hold") != std::string::npos ||
         reason.find("Held") != std::string::npos;
}

std::vector<std::string> squeue_words(const std::vector<std::string>& names) {
  return {"squeue", "--noheader", "--array", fmt::format("--name={}", fmt::join(names, ",")),
          "--format=%j|%K|%T|%r"};
}

SlurmQueue parse_queue(std::string_view output) {
  constexpr std::size_t kColumns = 4;
  SlurmQueue out;
  for (const std::string_view line : split(output, '\n')) {
    const auto cells = split(line, '|');
    if (cells.size() < kColumns || !is_number(trim(cells[1]))) continue;
    const std::string_view digits = trim(cells[1]);
    int task = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), task);
    out[std::string(trim(cells[0]))][task] = {std::string(trim(cells[2])),
                                              std::string(trim(cells[3]))};
  }
  return out;
}

std::string job_state(std::string_view output) {
  constexpr std::string_view kKey = "JobState=";
  const auto at = output.find(kKey);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = output.substr(at + kKey.size());
  return std::string(rest.substr(0, rest.find_first_of(" \n")));
}

std::string accounted_state(std::string_view output) {
  const std::string_view line = trim(output.substr(0, output.find('\n')));
  return std::string(line.substr(0, line.find_first_of(" |")));
}

}  // namespace medperf::engine
