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
