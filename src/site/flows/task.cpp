#include "site/flows/task.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/yaml.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "site/dataset/unpack.h"
#include "site/flows/decision.h"
#include "site/flows/meanwhile.h"
#include "site/flows/progress.h"
#include "site/flows/script.h"

namespace medperf::site {
namespace {

std::string who(const TaskRequest& request) {
  return fmt::format("container {} '{}', task {}", request.container->container.id.value,
                     request.container->container.name, request.task);
}

/// Writes the parameters just before the run; they are never taken from an earlier one.
Status prepare_parameters(const Container& container, const wire::Task& task,
                          const fs::path& folder, std::map<std::string, std::string>& paths) {
  if (!task.declares("parameters_file")) return {};
  if (container.parameters.is_null()) {
    return make_error(ErrorKind::kInvalid, container.name,
                      "the configuration asks for a parameters file, but none is registered",
                      "ask the owner to register parameters");
  }
  const fs::path file = folder / "parameters.yaml";
  MEDPERF_CHECK(write_file_atomically(file, to_yaml(container.parameters), FileMode::kReadable));
  paths["parameters_file"] = file.string();
  return {};
}

Status prepare_additional_files(Site& site, const Container& container, const wire::Task& task,
                                const fs::path& folder, bool older,
                                std::map<std::string, std::string>& paths) {
  const fs::path files = folder / "additional_files";
  const bool wanted = older || task.declares("additional_files");
  if (!wanted) return {};
  paths["additional_files"] = files.string();
  if (container.additional_files_url.empty()) return make_private_folder(files);
  MEDPERF_TRY(FileDigest digest, FileDigest::parse(container.additional_files_hash));
  const fs::path archive = folder / (digest.hex() + ".tar.gz");
  MEDPERF_TRY(const Policy* policy, site.policy());
  const bool fresh = !fs::exists(archive);
  MEDPERF_CHECK(
      fetch_verified(site, container.additional_files_url, digest, archive, policy->archive_limit));
  if (!fresh && fs::exists(files)) return {};
  MEDPERF_CHECK(remove_tree(files));
  return unpack(archive, files);
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  return !folder.empty() &&
         std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
             folder.end();
}

/// Makes an output that is there already or outlives its run.
Status make_output(const fs::path& host, bool folder) {
  if (folder) return make_private_folder(host);
  MEDPERF_CHECK(make_private_folder(host.parent_path()));
  const FileHandle file(::open(host.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.is_open()) return {};
  return make_error(ErrorKind::kUnavailable, host.native(), "the output file cannot be made");
}

/// Inputs must be there; outputs are made, now or by each try of the job.
Status prepare_mounts(const wire::TaskPlan& plan, engine::Job& job) {
  for (const wire::PlannedMount& planned : plan.mounts) {
    const fs::path host(planned.host);
    const bool folder = planned.kind == wire::MountKind::kDirectory;
    if (!planned.writable) {
      if (!fs::exists(host)) {
        return make_error(ErrorKind::kNotFound, planned.label,
                          "the input is not there: " + planned.host, "run the step before it");
      }
    } else if (lies_in(host, job.output)) {
      job.places.push_back({host, !folder});
    } else {
      MEDPERF_CHECK(make_output(host, folder));
    }
    job.spec.mounts.push_back({host, planned.container, planned.writable});
  }
  return {};
}

Status status_of(const TaskRequest& request, const engine::RunOutcome& outcome) {
  const std::string log = "the whole log is " + request.log_file.string();
  std::string tail = printable(trim(outcome.log_tail), 600);
  if (!tail.empty()) tail = "; its last words: " + tail;
  switch (outcome.end) {
    case engine::RunEnd::kSuccess:
      return {};
    case engine::RunEnd::kFailed:
      return make_error(
          ErrorKind::kInvalid, who(request),
          fmt::format("the container failed with exit code {}{}", outcome.exit_code, tail), log);
    case engine::RunEnd::kTimedOut:
      return make_error(ErrorKind::kTimedOut, who(request),
                        "the container ran longer than limits.wall_seconds of the policy" + tail,
                        log);
    case engine::RunEnd::kOutOfMemory:
      return make_error(ErrorKind::kTooLarge, who(request),
                        "the container used more than limits.memory_mib of the policy" + tail, log);
    case engine::RunEnd::kKilled:
      return make_error(ErrorKind::kInvalid, who(request), "the container was killed" + tail, log);
    case engine::RunEnd::kInterrupted:
      return make_error(ErrorKind::kInterrupted, who(request),
                        "stopped; run the command again to go on");
  }
  return make_error(ErrorKind::kBug, who(request), "the run ended in an unknown way");
}

Status record_run(Site& site, const TaskRequest& request, const engine::RunOutcome& outcome,
                  const std::string& node) {
  Json line = Json::object({{"subject", request.subject},
                            {"task", request.task},
                            {"container", request.container->container.id.value},
                            {"image", request.container->image.image.hex()},
                            {"end", engine::to_string(outcome.end)},
                            {"exit_code", outcome.exit_code},
                            {"seconds", outcome.wall.count()}});
  if (!node.empty()) line.set("node", node);
  return site.record("run", std::move(line));
}

/// The walls must stand where it runs: proved here for runs of this machine, by the node else.
Status require_walls(Site& site, const Policy& policy, const std::string& subject) {
  MEDPERF_TRY(engine::WallReport walls, site.walls());
  auto proved = check_walls(policy.required_walls, walls);
  if (proved.ok()) return {};
  MEDPERF_CHECK(site.record(
      "refusal",
      Json::object({{"what", "wall"}, {"subject", subject}, {"reason", proved.error().text()}})));
  proved.error().cause = std::string(kMomentCause);
  return std::move(proved).error();
}

/// The same work has the same key, whichever command asks for it.
std::string key_of(const engine::Job& job, const TaskRequest& request) {
  engine::Job nameless = job;
  nameless.key = nameless.spec.name = nameless.spec.lease = "";
  return crypto::sha256_hex(
      to_canonical(Json::object({{"job", engine::to_json(nameless)}, {"inputs", request.inputs}})));
}

engine::Limits stricter(engine::Limits limits, const wire::TaskLimits& asked) {
  if (asked.memory_mib && *asked.memory_mib > 0) {
    const Bytes memory = mebibytes(static_cast<std::uint64_t>(*asked.memory_mib));
    limits.memory = std::min(limits.memory, memory);
  }
  if (asked.pids && *asked.pids > 0) {
    limits.pids = static_cast<int>(std::min<std::int64_t>(limits.pids, *asked.pids));
  }
  if (asked.seconds && *asked.seconds > 0) {
    limits.wall = std::min(limits.wall, Seconds(static_cast<double>(*asked.seconds)));
  }
  return limits;
}

/// GPUs, shared memory and log level, as the person and the policy have it.
Status grant_requests(Site& site, const wire::Task& task, bool runs_here, engine::RunSpec& spec) {
  MEDPERF_TRY(const RunGrant granted, site.grant(task));
  spec.shm_size = granted.shm_size;
  spec.gpus = granted.gpus;
  // A cluster chooses by itself.
  if (!runs_here && spec.gpus.starts_with("device="))
    spec.gpus = std::to_string(engine::wish_of(spec).gpus);
  MEDPERF_TRY(const RunWishes* wishes, site.wishes());
  // A script may be made for a confidential machine elsewhere as well; here it is at the data's.
  if (task.name == kScriptTask) spec.environment["MEDPERF_ON_PREM"] = "1";
  if (!wishes->log_level.empty()) spec.environment["MEDPERF_LOGLEVEL"] = wishes->log_level;
  return {};
}

}  // namespace

wire::TaskLimits limits_asked(const Benchmark& benchmark, const std::string& task) {
  const Json* document = benchmark.medperf("specification");
  if (document == nullptr) return {};
  auto specification = wire::read_benchmark_specification(*document);
  if (!specification.ok()) return {};
  auto found = specification->limits.find(task);
  return found == specification->limits.end() ? wire::TaskLimits() : found->second;
}

Result<engine::Job> plan_job(Site& site, const TaskRequest& request) {
  const Admitted& admitted = *request.container;
  const wire::Task* task = admitted.config.task(request.task);
  if (task == nullptr) {
    return make_error(ErrorKind::kInvalid, who(request), "the configuration has no such task",
                      "ask the owner of the container");
  }
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_TRY(engine::Scheduler * scheduler, site.scheduler());
  if (scheduler->runs_here()) MEDPERF_CHECK(require_walls(site, *policy, request.subject));

  const fs::path folder = site.workspace().container_folder(admitted.container.id);
  MEDPERF_CHECK(make_private_folder(folder));
  std::map<std::string, std::string> paths = request.paths;
  MEDPERF_CHECK(prepare_parameters(admitted.container, *task, folder, paths));
  MEDPERF_CHECK(prepare_additional_files(site, admitted.container, *task, folder,
                                         admitted.config.older_format, paths));
  auto plan = wire::plan_task(admitted.config, *task, paths, folder.string());
  if (!plan.ok()) return std::move(plan).error().at(who(request));

  engine::Job job;
  job.flow = request.flow.empty() ? request.subject : request.flow;
  job.image = {site.workspace().image_file(admitted.archive), admitted.archive};
  if (admitted.encrypted() && !scheduler->runs_here()) job.sealed = sealed_size(admitted);
  job.required_walls = policy->required_walls;
  job.output = request.output;
  engine::RunSpec& spec = job.spec;
  spec.image = admitted.image.image;
  spec.entrypoint = plan->entrypoint;
  spec.command = plan->command;
  spec.environment = plan->environment;
  MEDPERF_CHECK(prepare_mounts(*plan, job));
  spec.limits = stricter(policy->limits, request.asked);
  MEDPERF_CHECK(grant_requests(site, *task, scheduler->runs_here(), spec));
  spec.log_file = request.log_file;
  spec.name = fmt::format("medperf-{}-{}", request.task, crypto::random_hex(8));
  MEDPERF_CHECK(make_private_folder(request.log_file.parent_path()));
  MEDPERF_CHECK(scheduler->runs_here() ? ensure_loaded(site, admitted)
                                       : ensure_for_nodes(site, admitted));
  spec.lease = site.lease_id();
  job.key = key_of(job, request);
  return job;
}

Status end_job(Site& site, const TaskRequest& request, const engine::Finished& finished) {
  if (!finished.outcome.ok()) return Error(finished.outcome.error()).at(who(request));
  MEDPERF_CHECK(record_run(site, request, *finished.outcome, finished.node));
  return status_of(request, *finished.outcome);
}

Status record_usage(Site& site, const TaskRequest& request, const engine::JobUsage& usage) {
  Json line = engine::to_json(usage);
  line.set("subject", request.subject);
  line.set("task", request.task);
  return site.record("cluster-use", std::move(line));
}

Result<fs::path> run_task(Site& site, const TaskRequest& request) {
  MEDPERF_TRY(const engine::Job job, plan_job(site, request));
  MEDPERF_TRY(engine::Scheduler * scheduler, site.scheduler());
  Result<fs::path> output = fs::path();
  const std::vector<engine::Job> jobs = {job};
  if (Progress* progress = site.progress(); progress != nullptr) progress->stage(request.task, 1);
  Meanwhile meanwhile(request.meanwhile);
  const auto done = [&](std::size_t, engine::Finished finished) -> Status {
    const bool succeeded =
        finished.outcome.ok() && finished.outcome->end == engine::RunEnd::kSuccess;
    if (request.succeeded && succeeded) request.succeeded(*finished.outcome);
    auto ended = end_job(site, request, finished);
    if (site.progress() != nullptr) site.progress()->step_done();
    output = ended.ok() ? Result<fs::path>(std::move(finished.output)) : std::move(ended).error();
    return {};
  };
  Status kept;
  MEDPERF_CHECK(scheduler->run(jobs, done, [&](std::size_t, const engine::JobUsage& usage) {
    kept = record_usage(site, request, usage);
  }));
  MEDPERF_CHECK(kept);
  meanwhile.stop();
  return output;
}

Result<Json> read_container_yaml(Site& site, const fs::path& folder, const fs::path& name,
                                 std::string_view what) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  auto text = read_file_beneath(folder, name, Bytes{policy->results_limit});
  if (!text.ok()) return std::move(text).error().at(what);
  JsonLimits limits;
  limits.bytes = policy->results_limit;
  auto value = parse_yaml(*text, limits, NonFinite::kAsText);
  if (!value.ok()) {
    Error error = std::move(value).error();
    error.kind = ErrorKind::kRefused;
    error.advice = "the container's owner must correct what it writes; nothing was sent";
    return std::move(error).at(what);
  }
  const bool empty = value->is_null() || (value->is_object() && value->members().empty());
  if (empty) {
    return make_error(ErrorKind::kRefused, std::string(what), "the container wrote nothing into it",
                      "the container's owner must correct it; nothing was sent");
  }
  return value;
}

}  // namespace medperf::site
