#include "engine/scheduler/slurm_client.h"

#include <set>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr Seconds kLongestCall{60};

Error slurm_error(const std::string& program, const ProcessOutcome& outcome) {
  if (outcome.timed_out) {
    return make_error(ErrorKind::kUnavailable, program, "Slurm does not answer",
                      "check with 'scontrol ping'; what was submitted goes on");
  }
  return make_error(ErrorKind::kUnavailable, program,
                    "failed: " + printable(trim(outcome.errors), 400),
                    "check scheduler.slurm.* of the configuration and 'scontrol ping'");
}

}  // namespace

Result<ProcessOutcome> SlurmClient::call(std::vector<std::string> words) const {
  Command command;
  const std::string program = words.front();
  command.argv = std::move(words);
  command.environment = environment_;
  command.working_folder = "/";
  command.deadline = kLongestCall;
  command.ignore_stop = true;  // a half-done submission would be worse than a late stop
  auto outcome = run_process(command);
  if (!outcome.ok()) {
    Error error = std::move(outcome).error();
    error.kind = ErrorKind::kUnavailable;
    error.advice = "install slurm-client on this machine, or set scheduler.kind to local";
    return error;
  }
  if (!outcome->success()) return slurm_error(program, *outcome);
  return outcome;
}

Result<std::string> SlurmClient::version() const {
  MEDPERF_TRY(const ProcessOutcome outcome, call({"sbatch", "--version"}));
  return std::string(trim(outcome.output));
}

Status SlurmClient::ping() const {
  auto outcome = call({"scontrol", "ping"});
  if (!outcome.ok()) return std::move(outcome).error();
  return {};
}

Result<std::string> SlurmClient::submit(const SlurmBatch& batch, const SlurmPlace& place) const {
  auto answer = call(sbatch_words(batch, place));
  if (!answer.ok()) {
    Error error = std::move(answer).error();
    if (const std::string reason = refusal_reason(error.what); !reason.empty()) {
      error.kind = ErrorKind::kRefused;
      error.what = "Slurm takes no such task: " + reason;
      error.advice = refusal_advice(batch.size);
    }
    return error;
  }
  const ProcessOutcome& outcome = *answer;
  std::string number = batch_number(outcome.output);
  if (number.empty()) {
    return make_error(ErrorKind::kUnavailable, "sbatch",
                      "did not name the job: " + printable(outcome.output, 200),
                      "check scheduler.slurm.options of the configuration");
  }
  return number;
}

Result<SlurmQueue> SlurmClient::queue(const std::vector<std::string>& names) const {
  if (names.empty()) return SlurmQueue();
  MEDPERF_TRY(const ProcessOutcome outcome, call(squeue_words(names)));
  return parse_queue(outcome.output);
}

std::string SlurmClient::end_state(const std::string& number, int task) const {
  if (number.empty()) return {};
  const std::string id = fmt::format("{}_{}", number, task);
  if (auto known = call({"scontrol", "--oneliner", "show", "job", id}); known.ok()) {
    if (std::string state = job_state(known->output); !state.empty()) return state;
  }
  auto accounted = call(
      {"sacct", "--noheader", "--parsable2", "--allocations", "--jobs=" + id, "--format=State"});
  return accounted.ok() ? accounted_state(accounted->output) : std::string();
}

UsageByJob SlurmClient::usage(const std::vector<std::string>& tasks) const {
  if (tasks.empty()) return {};
  if (auto accounted = call(sacct_words(tasks)); accounted.ok())
    return parse_accounting(accounted->output);
  UsageByJob out;
  std::set<std::string> arrays;
  for (const std::string& task : tasks) arrays.insert(task.substr(0, task.find('_')));
  for (const std::string& array : arrays) {
    auto known = call({"scontrol", "--oneliner", "show", "job", array});
    if (known.ok()) out.merge(parse_controller(known->output));
  }
  return out;
}

void SlurmClient::cancel_pending(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    (void)call({"scancel", "--quiet", "--state=PENDING", "--name=" + name}).ok();
  }
}

void SlurmClient::cancel(const std::vector<std::string>& tasks,
                         const std::vector<std::string>& names) const {
  if (!tasks.empty()) {
    std::vector<std::string> words = {"scancel", "--quiet"};
    words.insert(words.end(), tasks.begin(), tasks.end());
    (void)call(std::move(words)).ok();
  }
  for (const std::string& name : names) {
    (void)call({"scancel", "--quiet", "--name=" + name}).ok();
  }
}

}  // namespace medperf::engine
