#include "site/cluster/cluster.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "engine/scheduler/slurm.h"
#include "site/review/texts.h"
#include "site/site.h"
#include "wire/shell_words.h"

namespace medperf::site {

Result<SchedulerKind> scheduler_kind(const Options& options) {
  const std::string name = options.text("scheduler.kind");
  if (name == "local") return SchedulerKind::kLocal;
  if (name == "slurm") return SchedulerKind::kSlurm;
  return make_error(ErrorKind::kInvalid, "scheduler.kind", "there is no scheduler of this name",
                    "Known are local and slurm");
}

engine::Capacity stated_capacity(const Options& options) {
  engine::Capacity out = engine::machine_capacity();
  const auto cores = options.integer("scheduler.cores");
  const auto memory = options.integer("scheduler.memory_mib");
  if (cores > 0) out.cores = static_cast<double>(cores);
  if (memory > 0) out.memory = mebibytes(static_cast<std::uint64_t>(memory));
  out.gpus = static_cast<int>(std::max<std::int64_t>(0, options.integer("scheduler.gpus")));
  return out;
}

Result<std::unique_ptr<engine::Scheduler>> open_cluster(Site& site) {
  const Options& options = site.options();
  const SiteSetup& setup = site.setup();
  engine::SlurmSettings settings;
  settings.folder = site.workspace().scheduler_folder();
  settings.place.partition = options.text("scheduler.slurm.partition");
  settings.place.account = options.text("scheduler.slurm.account");
  settings.place.qos = options.text("scheduler.slurm.qos");
  auto more = wire::split_shell_words(options.text("scheduler.slurm.options"));
  if (!more.ok()) return std::move(more).error().at("scheduler.slurm.options");
  settings.place.more = std::move(*more);
  fs::path program = options.path("scheduler.slurm.program");
  if (program.empty()) program = setup.program_folder / "medperf";
  settings.task_command = {program.native(), "--workspace", site.workspace().root().native(),
                           "site",           "task",        "--batch"};
  settings.environment = program_environment(setup.environment);
  // Folders of this machine are not on the nodes.
  settings.environment.erase("XDG_RUNTIME_DIR");
  settings.environment.erase("TMPDIR");
  settings.task_environment = settings.environment;
  for (const auto& [name, value] : setup.environment) {
    if (name.starts_with("SLURM_CONF")) settings.environment[name] = value;
    if (name.starts_with("MEDPERF_ENGINE") || name == "MEDPERF_PROBE_PROGRAM") {
      settings.task_environment[name] = value;
    }
  }
  const auto spare = options.integer("scheduler.slurm.spare_seconds");
  settings.spare = Seconds(static_cast<double>(std::max<std::int64_t>(0, spare)));
  settings.tell = [&site](std::string_view line) { site.tell(line); };
  settings.seal_key = [&site](const engine::Job& job,
                              const engine::KeyRequest& request) -> Result<std::string> {
    if (request.may_swap) site.tell_once(swap_warning("node " + printable(request.node, 100)));
    MEDPERF_TRY(std::string sealed, site.node_keys().seal(job.image.digest, request.certificate));
    MEDPERF_CHECK(site.record("key", Json::object({{"what", "given to a task of the cluster"},
                                                   {"archive", job.image.digest.hex()},
                                                   {"node", printable(request.node, 100)},
                                                   {"run", job.spec.name}})));
    return sealed;
  };
  return engine::slurm_scheduler(std::move(settings));
}

Status cancel_left_over(Site& site, std::string_view flow) {
  MEDPERF_TRY(const SchedulerKind kind, scheduler_kind(site.options()));
  if (kind == SchedulerKind::kLocal) return {};  // the engine's guard ends what a client leaves
  MEDPERF_TRY(engine::Scheduler * scheduler, site.scheduler());
  return scheduler->cancel_left_over(flow, [&site](std::string_view id) {
    return id == site.lease_id() || lease_alive(site.workspace().leases(), id);
  });
}

}  // namespace medperf::site
