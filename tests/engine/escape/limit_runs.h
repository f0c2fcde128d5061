#pragma once
// Runs that ask for more than they may have, each under small limits of its own.

#include <string>
#include <vector>

#include "engine/run_spec.h"

namespace medperf::engine::escape {

struct Cell {
  std::string probe, wall;
  std::string verdict;  ///< "held", "passed" or "untried"
  std::string seen;
};

struct LimitProbe {
  std::string name, wall, tries, held;
  std::vector<std::string> command;       ///< of medperf-probe
  std::vector<std::string> bare_command;  ///< the same without walls; harmless to the host
  void (*shape)(RunSpec& spec);
};

const std::vector<LimitProbe>& limit_probes();

/// What is known after a run, under an engine or without.
struct Seen {
  RunOutcome outcome;
  std::string log;     ///< what it printed
  fs::path output;     ///< its output folder
  std::string marker;  ///< in the command line of the process that the daemon leaves
  Bytes log_bytes{0};  ///< size of its log
  bool bare = false;   ///< no engine, no walls
};
Cell judge(const LimitProbe& probe, const Seen& seen);

/// Whether a process with this word in its command line lives on the host.
bool lives(const std::string& marker);
void end_marked(const std::string& marker);

}  // namespace medperf::engine::escape
