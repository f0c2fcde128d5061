#pragma once
// Running other programs: no shell, explicit environment, deadline, bounded output.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace medperf {

/// An open file that a child gets as well.
struct GivenFile {
  int here = -1;   ///< this process's descriptor
  int there = -1;  ///< the child's; 0 and 1 replace `input` and the captured standard output
};

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH of `environment`
  std::map<std::string, std::string> environment;  ///< the whole environment: nothing is inherited
  std::optional<fs::path> working_folder;
  std::string input;                  ///< given on standard input
  std::optional<Seconds> deadline;    ///< elapsed time, not silence
  Bytes output_limit = mebibytes(8);  ///< of each of stdout, stderr; the rest is dropped
  std::function<void(std::string_view)>
      on_output;  ///< sees each piece of stdout+stderr as it comes
  /// Files whose descriptors the child appends its pid to before exec (cgroup.procs). Order kept.
  std::vector<fs::path> join_cgroups;
  std::vector<GivenFile> files;
  std::optional<Bytes> file_limit;  ///< of each file that it writes; beyond it SIGXFSZ ends it
  /// Runs to its end although a stop was asked for: for clearing up. A deadline still holds.
  bool ignore_stop = false;
};

struct ProcessOutcome {
  int exit_code = -1;  ///< valid when signal == 0
  int signal = 0;      ///< the signal that ended it, or 0
  bool timed_out = false;
  bool interrupted = false;  ///< stop_requested() became true while it ran
  std::string output;        ///< standard output
  std::string errors;        ///< standard error
  Seconds elapsed{0};
  bool success() const { return signal == 0 && exit_code == 0 && !timed_out && !interrupted; }
};

/// Runs a command to its end in a process group of its own, which dies with this process
/// (PR_SET_PDEATHSIG). On deadline or stop: SIGTERM, 2 s later SIGKILL, to the whole group.
/// Errors: not_found (no such program), unavailable, interrupted (a stop was asked for before it
/// started). Waits for the exit, not for end of output. The calling thread must outlive the child,
/// which it does by waiting. Thread-safe.
Result<ProcessOutcome> run_process(const Command& command);

/// Installs handlers for SIGINT and SIGTERM that only set a flag; call once in main.
void install_stop_handlers();
/// True once a stop was asked for. Long work checks it and ends with ErrorKind::kInterrupted.
bool stop_requested();
void request_stop();

}  // namespace medperf
