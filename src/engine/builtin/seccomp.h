#pragma once
// The system calls that a container of the built-in runner may make.

#include <string>

#include "base/result.h"

namespace medperf::engine {

/// The filter as a BPF program for this machine's processor (struct sock_filter[], as bubblewrap
/// takes it). Whatever is not known when this is compiled is refused with ENOSYS. Errors:
/// unavailable (the library cannot make filters for this processor).
Result<std::string> seccomp_filter();

}  // namespace medperf::engine
