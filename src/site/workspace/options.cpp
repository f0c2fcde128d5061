#include "site/workspace/options.h"

#include <array>

namespace medperf::site {
namespace {

constexpr std::array kOptions = {
    Option{"hub.url", OptionType::kText, "", "https://localhost:8443", "MEDPERF_HUB_URL", false,
           "Address of the hub, without a path."},
    Option{"hub.ca_file", OptionType::kPath, "", "", "MEDPERF_HUB_CA_FILE", false,
           "Certificate authority (PEM) that signs the hub's and the vendors' certificates; empty: "
           "the system's."},
    Option{"hub.retry_seconds", OptionType::kInteger, "seconds", "15", "MEDPERF_HUB_RETRY_SECONDS",
           false, "How long to try again when the hub does not answer."},
    Option{"hub.timeout_seconds", OptionType::kInteger, "seconds", "60", "", false,
           "Longest time of one request to the hub."},
    Option{"http.proxy", OptionType::kText, "", "", "HTTPS_PROXY", false,
           "Proxy for everything that leaves the site; empty: none."},
    Option{"http.download_timeout_seconds", OptionType::kInteger, "seconds", "3600", "", false,
           "Longest time of one download; an interrupted one goes on where it stopped."},
    Option{"registry.credentials", OptionType::kText, "", "", "MEDPERF_REGISTRY_CREDENTIALS", true,
           "Sign-ins for registries that want one, as 'podman login --authfile FILE' writes them."},
    Option{
        "dataset.reading", OptionType::kText, "", "changed", "", false,
        "What is read before each run to see that a dataset is the registered one: changed (files "
        "whose inode, size or times moved since the last reading) or full (every byte)."},
    Option{
        "engine.kind", OptionType::kText, "", "auto", "MEDPERF_ENGINE", false,
        "What runs containers: podman, docker, apptainer, builtin, or auto for the first of them "
        "that can be used."},
    Option{"engine.cgroup", OptionType::kText, "", "", "MEDPERF_ENGINE_CGROUP", false,
           "Delegated cgroup of this user below each controller, e.g. medperf-demo/hospital-a; "
           "empty: found from the process."},
    Option{"engine.probe_program", OptionType::kPath, "", "", "MEDPERF_PROBE_PROGRAM", false,
           "Static program that proves the walls; empty: medperf-probe beside the client."},
    Option{"container.loglevel", OptionType::kText, "", "", "MEDPERF_CONTAINER_LOGLEVEL", false,
           "How much containers log, as their variable MEDPERF_LOGLEVEL: debug, info, warning or "
           "error; empty: not set."},
    Option{"container.gpus", OptionType::kText, "", "", "MEDPERF_CONTAINER_GPUS", false,
           "GPUs of each container in place of what its configuration asks for: 0, all, a number "
           "or device=0,1; empty: as it asks."},
    Option{"container.shm_size", OptionType::kText, "", "", "MEDPERF_CONTAINER_SHM_SIZE", false,
           "Shared memory of each container in place of what its configuration asks for, e.g. 2g; "
           "empty: as it asks."},
    Option{
        "scheduler.kind", OptionType::kText, "", "local", "", false,
        "Where containers run: local (this machine) or slurm (its cluster; the workspace then lies "
        "on a file system that all nodes see under the same path)."},
    Option{"scheduler.cores", OptionType::kInteger, "", "0", "", false,
           "Cores that runs may take together on this machine; 0: all of them."},
    Option{"scheduler.memory_mib", OptionType::kInteger, "MiB", "0", "", false,
           "Memory that runs may take together on this machine; 0: nine tenths of it."},
    Option{"scheduler.gpus", OptionType::kInteger, "", "0", "", false,
           "GPUs that runs may take together on this machine, numbered from 0."},
    Option{"scheduler.shards", OptionType::kInteger, "", "1", "", false,
           "Share the cases of inference out among so many runs, where the benchmark says how its "
           "cases lie."},
    Option{"scheduler.slurm.partition", OptionType::kText, "", "", "", false,
           "Partition of Slurm; empty: its default."},
    Option{"scheduler.slurm.account", OptionType::kText, "", "", "", false,
           "Account of Slurm; empty: its default."},
    Option{"scheduler.slurm.qos", OptionType::kText, "", "", "", false,
           "Quality of service of Slurm; empty: its default."},
    Option{"scheduler.slurm.options", OptionType::kText, "", "", "", false,
           "Further words for sbatch, quoted as for a shell, e.g. --reservation=trial."},
    Option{"scheduler.slurm.program", OptionType::kPath, "", "", "", false,
           "The medperf program on the nodes; empty: this one, under the same path."},
    Option{
        "scheduler.slurm.node_storage", OptionType::kPath, "", "/var/tmp/medperf", "", false,
        "Folder on each node's own disk for images and proofs of walls; a folder a user and node "
        "is made in it."},
    Option{"scheduler.slurm.spare_seconds", OptionType::kInteger, "seconds", "900", "", false,
           "Time that a task is given beside its run's own limit, for loading the image."},
    Option{
        "serve.poll_seconds", OptionType::kInteger, "seconds", "60", "", false,
        "How often site serve asks the hub; after failures the pause doubles, up to 15 minutes."},
    Option{
        "notify.command", OptionType::kText, "", "", "", false,
        "Command that gets one line on its standard input when something waits for a person, e.g. "
        "mail -s medperf it@hospital.example; empty: nobody is told."},
    Option{"run.user_name", OptionType::kText, "", "", "", false,
           "Name of the person who decides, in records; empty: the account's name."},
    Option{"log.level", OptionType::kText, "", "warning", "MEDPERF_LOG_LEVEL", false,
           "debug, info, warning, error or off."},
};

}  // namespace

std::span<const Option> client_options() {
  return kOptions;
}

}  // namespace medperf::site
