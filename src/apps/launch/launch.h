#pragma once
// The two ends of the built-in runner's way into a container; see src/engine/builtin. Both belong
// to the static probe and know no room, so that one small file serves in any container.

namespace medperf::launch {

/// Before bubblewrap: `enter UID GID SOURCE... -- COMMAND...`. Standard input is a seccomp filter,
/// which COMMAND inherits as descriptor 9. UID and GID are "self", or those of another user (root
/// starts runs as user 65534): then, each SOURCE is bound to /tmp/b0, /tmp/b1, ... in a mount
/// namespace of its own, since that user may not pass the folders above it; then this process
/// becomes that user. Returns only on failure (125).
int enter(int count, char** arguments);

/// Process 1 of a container: `init [OPTION VALUE]... -- COMMAND...`. Sets limits and a Landlock
/// ruleset, says so on standard output, starts COMMAND, passes signals on, reaps orphans, ends as
/// COMMAND ends (128 + signal; 127 and 126 when it cannot be started). 125: a wall could not be
/// raised, and nothing was started.
int init(int count, char** arguments);

}  // namespace medperf::launch
