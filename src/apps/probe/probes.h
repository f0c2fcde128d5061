#pragma once
// The probes of the escape suite: each tries to pass one wall from inside, as hostile code would.
// One table a file; `medperf-probe list` prints them all, `medperf-probe escape` runs them.

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace medperf::probe {

enum class Verdict {
  kHeld,     ///< it was tried and failed
  kPassed,   ///< it was tried and worked: the wall does not stand
  kUntried,  ///< it could not be tried here
};

struct Finding {
  Verdict verdict = Verdict::kUntried;
  std::string seen;  ///< the error's name or what was reached; never file contents
};

/// What the host has put up to be reached, as "key=value" words: tcp4=PORT udp4=PORT tcp6, udp6,
/// address (of the host), socket (path), abstract (name), pid (of a host's process), token (in that
/// process's command line, in names and contents of files), shadow, workspace, labels, dataset,
/// output_of, weights (files of the host), input, output (folders inside).
using Targets = std::map<std::string, std::string>;

struct Probe {
  std::string_view name;
  std::string_view wall;   ///< the wall that should hold it
  std::string_view tries;  ///< for people: what it does
  std::string_view held;   ///< for people: what counts as held
  Finding (*attempt)(const Targets&);
};

std::span<const Probe> network_probes();
std::span<const Probe> process_probes();
std::span<const Probe> file_probes();
std::span<const Probe> mount_probes();
std::span<const Probe> device_probes();
std::span<const Probe> right_probes();
std::span<const Probe> kernel_probes();

// ---- for the tables ----

Finding held(int error);  ///< by the error's name
Finding held(std::string seen);
Finding passed(std::string seen);
Finding untried(std::string seen);
/// Of a call that should have failed: below 0 is held by errno.
Finding of_call(long result, const char* what);
/// Of a senseless request, which whoever has the right is answered with another error than EPERM;
/// ENOSYS and EACCES are how filters say no.
Finding refused_or(long result, const char* what);
/// The target, or empty.
std::string target(const Targets& targets, std::string_view key);
std::string error_name(int code);
/// At most 1 MiB; empty when it cannot be read.
std::string read_text(const std::string& path);
/// The value of a field of /proc/self/status.
std::string status_field(const std::string& status, const char* key);
void pause_ms(long milliseconds);

/// Runs every probe (or the named ones), each in a process of its own with 10 s, and prints one
/// JSON object a line. 0 when all could be started.
int run_probes(int count, char** words);
/// Prints the tables, one JSON object a line.
int list_probes();

// ---- what limits must stop, judged from outside ----

/// touch MIB | shm MIB | fork COUNT | write COUNT | large MIB | small COUNT | temporary MIB |
/// flood MIB | spin SECONDS | stubborn SECONDS | daemon SECONDS | links 0; files go to `folder`.
/// False: no such verb.
bool run_limit(std::string_view verb, long number, const std::string& folder, int& status);
/// What the walls that show from inside let through, as one JSON object.
int report();
/// guard LOCK PID_FILE GROUP... -- COMMAND...: beside a run; ends it when the client was killed.
int guard(int count, char** arguments);

}  // namespace medperf::probe
