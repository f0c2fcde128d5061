#include "engine/scheduler/job_usage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr double kMostSeconds = 1e10;
constexpr double kMostBytes = 1e18;

std::optional<double> number(std::string_view text) {
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && std::isfinite(out) && out >= 0 ? std::optional<double>(out) : std::nullopt;
}

bool is_over(std::string_view state) {
  constexpr std::array<std::string_view, 8> kGoesOn = {
      "PENDING", "RUNNING", "COMPLETING", "REQUEUED", "RESIZING", "SUSPENDED", "CONFIGURING", ""};
  return std::find(kGoesOn.begin(), kGoesOn.end(), state) == kGoesOn.end();
}

/// "KEY=VALUE" of a line of scontrol.
std::string member(std::string_view line, std::string_view key) {
  for (const std::string_view word : split(line, ' ')) {
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
      return std::string(word.substr(key.size() + 1));
  }
  return {};
}

}  // namespace

std::string_view to_string(UsageSource source) {
  switch (source) {
    case UsageSource::kAccounting:
      return "sacct";
    case UsageSource::kController:
      return "scontrol";
    case UsageSource::kNode:
      break;
  }
  return "node";
}

Json to_json(const JobUsage& usage) {
  Json out = Json::object({{"medperf", kJobUsageVersion},
                           {"job", usage.job},
                           {"node", usage.node},
                           {"state", usage.state},
                           {"elapsed_seconds", usage.elapsed.count()},
                           {"source", to_string(usage.source)}});
  if (usage.cpu) out.set("cpu_seconds", usage.cpu->count());
  if (usage.peak_memory)
    out.set("peak_memory_bytes", static_cast<std::int64_t>(usage.peak_memory->value));
  return out;
}

std::string usage_text(const Json& document) {
  const auto seconds = [&](std::string_view key) {
    const Json* value = document.find(key);
    return value != nullptr && value->is_number() ? std::optional<double>(value->as_double())
                                                  : std::nullopt;
  };
  std::string out = "Slurm job " + document.get_string("job");
  if (const std::string node = document.get_string("node"); !node.empty()) out += " on " + node;
  out += fmt::format(": {:.0f} s", seconds("elapsed_seconds").value_or(0));
  if (const auto cpu = seconds("cpu_seconds")) out += fmt::format(", {:.1f} s of CPU", *cpu);
  if (const auto peak = document.get_int("peak_memory_bytes"); peak > 0)
    out += ", at least " + medperf::to_string(Bytes{static_cast<std::uint64_t>(peak)});
  return out + " (" + document.get_string("source") + ")";
}

std::optional<Seconds> slurm_duration(std::string_view text) {
  double days = 0;
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    const auto read = number(text.substr(0, dash));
    if (!read) return std::nullopt;
    days = *read;
    text.remove_prefix(dash + 1);
  }
  double out = 0;
  const auto parts = split(text, ':');
  constexpr std::size_t kFewest = 2;
  constexpr std::size_t kMost = 3;
  if (parts.size() < kFewest || parts.size() > kMost) return std::nullopt;
  for (const std::string_view part : parts) {
    const auto read = number(part);
    if (!read) return std::nullopt;
    out = out * 60 + *read;
  }
  out += days * 86400;
  return out < kMostSeconds ? std::optional<Seconds>(out) : std::nullopt;
}

std::optional<Bytes> slurm_bytes(std::string_view text) {
  constexpr std::string_view kUnits = "KMGTP";
  double factor = 1;
  if (const auto unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
      unit != std::string_view::npos) {
    factor = std::ldexp(1.0, 10 * (static_cast<int>(unit) + 1));
    text.remove_suffix(1);
  }
  const auto read = number(text);
  if (!read || *read * factor > kMostBytes) return std::nullopt;
  return Bytes{static_cast<std::uint64_t>(*read * factor)};
}

std::vector<std::string> sacct_words(const std::vector<std::string>& jobs) {
  return {"sacct", "--noheader", "--parsable2", fmt::format("--jobs={}", fmt::join(jobs, ",")),
          "--format=JobID,State,ElapsedRaw,TotalCPU,MaxRSS,NodeList"};
}

UsageByJob parse_accounting(std::string_view output) {
  constexpr std::size_t kColumns = 6;
  UsageByJob out;
  for (const std::string_view line : split(output, '\n')) {
    const auto cells = split(line, '|');
    if (cells.size() != kColumns) continue;
    const std::string_view name = cells[0].substr(0, cells[0].find('.'));
    JobUsage& usage = out[std::string(name)];
    const auto memory = slurm_bytes(cells[4]);
    // Memory is counted by the steps ("123_4.batch"), the rest by the job.
    if (memory) usage.peak_memory = std::max(usage.peak_memory.value_or(Bytes{0}), *memory);
    if (cells[0].size() != name.size()) continue;
    usage.job = name;
    usage.source = UsageSource::kAccounting;
    usage.state = cells[1].substr(0, cells[1].find(' '));  // "CANCELLED by 0"
    usage.elapsed = Seconds(number(cells[2]).value_or(0));
    usage.cpu = slurm_duration(cells[3]);
    if (cells[5] != "None assigned") usage.node = cells[5];
  }
  std::erase_if(out, [](const auto& entry) { return !is_over(entry.second.state); });
  for (auto& [name, usage] : out) {
    // A cluster that gathers nothing of its jobs says zero for every one.
    if (!usage.peak_memory && usage.cpu == Seconds(0)) usage.cpu.reset();
  }
  return out;
}

UsageByJob parse_controller(std::string_view output) {
  UsageByJob out;
  for (const std::string_view line : split(output, '\n')) {
    const std::string array = member(line, "ArrayJobId");
    const std::string task = member(line, "ArrayTaskId");
    const auto elapsed = slurm_duration(member(line, "RunTime"));
    JobUsage usage;
    usage.state = member(line, "JobState");
    if (array.empty() || task.empty() || !elapsed || !is_over(usage.state)) continue;
    usage.job = array + "_" + task;
    usage.node = member(line, "NodeList");
    usage.elapsed = *elapsed;
    usage.source = UsageSource::kController;
    out[usage.job] = usage;
  }
  return out;
}

}  // namespace medperf::engine
