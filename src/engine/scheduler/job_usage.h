#pragma once
// What a job of a cluster used: all that ran in it, as far as the cluster counts it. What its
// container took is the run's own outcome (RunOutcome), measured where it ran.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"

namespace medperf::engine {

inline constexpr std::string_view kJobUsageVersion = "medperf/job-usage/v1";

enum class UsageSource {
  kAccounting,  ///< the cluster's accounting
  kController,  ///< what its controller still remembers of an ended job
  kNode         ///< the node's own report, as the cluster says nothing
};

struct JobUsage {
  std::string job;    ///< the cluster's name of it, "123_4"
  std::string state;  ///< "COMPLETED"; empty: not said
  std::string node;
  Seconds elapsed{0};
  std::optional<Seconds> cpu;        ///< of all cores
  std::optional<Bytes> peak_memory;  ///< sampled, of its largest process tree
  UsageSource source = UsageSource::kNode;
};

/// "sacct", "scontrol" or "node".
std::string_view to_string(UsageSource source);
Json to_json(const JobUsage& usage);
/// "Slurm job 123_4 on n2: 12 s, 10.2 s of CPU, at least 310 MB (sacct)". `document`: of to_json.
std::string usage_text(const Json& document);

/// The words for sacct whose answer parse_accounting reads.
std::vector<std::string> sacct_words(const std::vector<std::string>& jobs);
/// Jobs that are over, by name; what still runs or cannot be read is passed over.
using UsageByJob = std::map<std::string, JobUsage>;
UsageByJob parse_accounting(std::string_view output);
/// The same from `scontrol --oneliner show job`: time and node alone.
UsageByJob parse_controller(std::string_view output);
/// "[DD-][HH:]MM:SS[.mmm]". Nothing when it is no such text.
std::optional<Seconds> slurm_duration(std::string_view text);
/// "3124K", "1.5G", "12345". Nothing when it is no such text.
std::optional<Bytes> slurm_bytes(std::string_view text);

}  // namespace medperf::engine
