#pragma once
// What holds for a run on every engine: what is checked before it starts, and how its ends are told
// apart. Pure but for looking at the mounted paths.

#include <string>
#include <string_view>

#include "base/process.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// The user inside the container: never 0.
struct InsideUser {
  unsigned uid = 65534, gid = 65534;
  /// True: the container's user is not the user that runs it, so inputs must be readable by others.
  bool foreign = true;
};

/// Checks paths, names and limits before anything is started. Errors: invalid, not_found, refused.
Status check_spec(const RunSpec& spec, const InsideUser& user);
/// Refuses a read-only mount below which another file system is mounted, since that one would stay
/// writable. `mountinfo` is the text of /proc/self/mountinfo.
Status check_submounts(const RunSpec& spec, std::string_view mountinfo);

/// What happened around a run, besides its exit code.
struct RunEvents {
  bool timed_out = false;        ///< our own deadline passed
  bool output_exceeded = false;  ///< more was written than Limits::output
  bool interrupted = false;
  std::uint64_t out_of_memory = 0;
};

/// Tells the ends apart. `problem`: the engine's own words when it could not start the program
/// (exit codes 126 and 127); empty: it was started.
RunOutcome judge(const ProcessOutcome& process, const RunEvents& events, const RunSpec& spec,
                 const std::string& problem);

}  // namespace medperf::engine
