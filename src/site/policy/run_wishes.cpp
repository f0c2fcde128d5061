#include "site/policy/run_wishes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include "base/encoding.h"
#include "wire/run_requests.h"

namespace medperf::site {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"DEBUG", "INFO", "WARNING", "ERROR"};
constexpr std::string_view kDevice = "device=";

Result<std::string> read_level(const std::string& text) {
  std::string upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (upper.empty() || std::find(kLevels.begin(), kLevels.end(), upper) != kLevels.end())
    return upper;
  return make_error(ErrorKind::kInvalid, "--container-loglevel",
                    "'" + printable(text, 40) + "' is no log level",
                    "give debug, info, warning or error");
}

/// How many are asked for; of "all", none.
int count_of(const std::string& gpus) {
  if (gpus.starts_with(kDevice)) {
    return static_cast<int>(split(std::string_view(gpus).substr(kDevice.size()), ',').size());
  }
  int count = 0;
  std::from_chars(gpus.data(), gpus.data() + gpus.size(), count);
  return count;
}

std::string all_within(int limit, int here) {
  if (limit == 0) return {};
  return here > limit ? std::to_string(limit) : std::string("all");
}

Error too_many(const wire::Task& task, int wanted, int limit) {
  return make_error(
      ErrorKind::kRefused, "task " + task.name,
      fmt::format("asks for {} GPU(s), limits.gpus of the site policy is {}", wanted, limit),
      "run it with fewer by --gpus, or raise limits.gpus in policy.yaml");
}

Result<std::string> grant_gpus(const wire::Task& task, const RunWishes& wishes,
                               const Policy& policy, int here) {
  std::string gpus = wishes.gpus.value_or(task.gpus);
  if (gpus.empty() || gpus == "0") return std::string();
  if (gpus == "all") return policy.gpu_limit ? all_within(*policy.gpu_limit, here) : gpus;
  const int wanted = count_of(gpus);
  if (policy.gpu_limit && wanted > *policy.gpu_limit)
    return too_many(task, wanted, *policy.gpu_limit);
  // Which ones a run gets is the site's choice, not that of the container's author.
  return wishes.gpus ? gpus : std::to_string(wanted);
}

Result<std::string> grant_shared_memory(const wire::Task& task, const RunWishes& wishes,
                                        const Policy& policy) {
  std::string size = wishes.shm_size.value_or(task.shm_size);
  if (size.empty() || !policy.shm_limit) return size;
  MEDPERF_TRY(const Bytes wanted, wire::size_in_bytes(size, "shm_size"));
  if (wanted <= *policy.shm_limit) return size;
  return make_error(ErrorKind::kRefused, "task " + task.name,
                    fmt::format("asks for {} of shared memory, limits.shm_mib of the site policy "
                                "gives {}",
                                medperf::to_string(wanted), medperf::to_string(*policy.shm_limit)),
                    "run it with less by --shm-size, or raise limits.shm_mib in policy.yaml");
}

}  // namespace

Result<RunWishes> read_run_wishes(const WishTexts& texts) {
  RunWishes out;
  if (texts.log_level) {
    MEDPERF_TRY(out.log_level, read_level(*texts.log_level));
  }
  if (texts.gpus) {
    MEDPERF_TRY(out.gpus, wire::checked_gpus(*texts.gpus, "--gpus"));
  }
  if (texts.shm_size && texts.shm_size->empty()) {
    out.shm_size = "";
  } else if (texts.shm_size) {
    MEDPERF_TRY(out.shm_size, wire::checked_size(*texts.shm_size, "--shm-size"));
  }
  return out;
}

Result<RunGrant> grant_run(const wire::Task& task, const RunWishes& wishes, const Policy& policy,
                           int gpus_here) {
  RunGrant out;
  MEDPERF_TRY(out.gpus, grant_gpus(task, wishes, policy, gpus_here));
  MEDPERF_TRY(out.shm_size, grant_shared_memory(task, wishes, policy));
  return out;
}

std::vector<std::string> wish_sentences(const RunWishes& wishes) {
  std::vector<std::string> out;
  if (wishes.gpus) {
    const bool none = wishes.gpus->empty() || *wishes.gpus == "0";
    out.push_back(fmt::format("GPUs: {}, whatever a task asks for", none ? "none" : *wishes.gpus));
  }
  if (wishes.shm_size) {
    out.push_back(
        fmt::format("shared memory: {}, whatever a task asks for",
                    wishes.shm_size->empty() ? "the engine's default" : *wishes.shm_size));
  }
  if (!wishes.log_level.empty()) out.push_back("containers log at level " + wishes.log_level);
  return out;
}

}  // namespace medperf::site
