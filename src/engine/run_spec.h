#pragma once
// What to run and how it ended. Knows no benchmark.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace medperf::engine {

struct Mount {
  fs::path host;          ///< absolute; must exist
  std::string container;  ///< absolute path inside
  bool writable = false;
  auto operator<=>(const Mount&) const = default;
};

struct Limits {
  Bytes memory = mebibytes(2048);
  int pids = 256;
  double cpus = 2.0;
  Seconds wall{3600};           ///< elapsed
  Bytes temporary{256u << 20};  ///< size of /tmp
  Bytes output{4ull << 30};     ///< of all files written
};

struct RunSpec {
  ImageId image;                          ///< run by this digest alone
  std::optional<std::string> entrypoint;  ///< one argument
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::vector<Mount> mounts;
  Limits limits;
  std::string gpus;      ///< "", "all", "N" or "device=..."
  std::string shm_size;  ///< "" or as the engine takes it
  std::string lease;     ///< label of the owner of this run; see Engine::sweep
  std::string name;      ///< unique
  fs::path log_file;     ///< container's stdout and stderr, as they come (size-limited)
};

enum class RunEnd { kSuccess, kFailed, kTimedOut, kOutOfMemory, kKilled, kInterrupted };
std::string_view to_string(RunEnd end);

struct RunOutcome {
  RunEnd end = RunEnd::kFailed;
  int exit_code = -1;
  std::string reason;  ///< one plain sentence part, e.g. "it crashed: signal 11"; empty on success
  Seconds wall{0};     ///< of the engine's own processes
  Bytes peak_memory{0};  ///< 0: unknown
  std::string log_tail;  ///< last 4 KiB, printable
};

}  // namespace medperf::engine
