#pragma once
// The filter of system calls for container engines: the distribution's default profile, made
// tighter. The defaults differ much: podman's lets every container make user namespaces, and with
// them mounts and networks; both let it reach the hypervisor (AF_VSOCK) and keyrings or io_uring.

#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace medperf::engine {

/// The profile as containers-common installs it.
inline constexpr std::string_view kDefaultProfile = "/usr/share/containers/seccomp.json";

/// The profile with what model containers never need taken out: namespaces, mounts, keyrings, bpf,
/// performance counters, page faults, rings, other machines' sockets, 32-bit calls. Pure. Errors:
/// invalid, when this is no profile.
Result<std::string> tightened_profile(std::string_view text);

/// Writes the tightened default profile to `folder` (only when it has changed) and returns its
/// path. Errors: not_found (which package to install), invalid, unavailable.
Result<fs::path> write_seccomp_profile(const fs::path& folder);

}  // namespace medperf::engine
