#pragma once
// The command line that starts a program behind every wall: medperf-probe enter, bubblewrap,
// medperf-probe init, the program. Pure, so that every wall is tested without running anything.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "engine/run_spec.h"

namespace medperf::engine {

/// The user inside, and as root outside too. Ordinary users are this one inside, themselves
/// outside: images know it as "nobody".
inline constexpr unsigned kInsideId = 65534;

struct Launch {
  fs::path probe;  ///< the static medperf-probe
  fs::path bubblewrap;
  bool as_root = false;
  fs::path root;              ///< the folder that becomes "/", never written to
  std::vector<Mount> mounts;  ///< places are there already, or lie below another mount
  std::vector<std::string> program;
  std::map<std::string, std::string> environment;
  std::string working_folder = "/";
  Limits limits;
  Bytes shared_memory = mebibytes(64);
  int landlock = 0;   ///< the kernel's version of it; 0: none
  std::string start;  ///< the line that init writes once all walls stand
  std::vector<std::string> masked_files, masked_folders;  ///< below /proc, as this kernel has them
};

std::vector<std::string> launch_arguments(const Launch& launch);

/// What container engines hide of /proc and this kernel has.
void find_masked(Launch& launch);

/// Bytes of "64m", "1g", "100" (bytes): units b, k, m, g in either case. Errors: invalid.
Result<Bytes> parse_shared_memory(std::string_view text);

/// Takes init's start line out of a program's output. What came before it is bubblewrap's (or the
/// program's own standard error, which may be read first).
class StartLine {
 public:
  StartLine(std::string line, std::function<void(std::string_view)> sink)
      : line_(std::move(line) + "\n"), sink_(std::move(sink)) {}
  void pass(std::string_view piece);
  /// At the end: what is held back is passed on.
  void finish();
  bool seen() const { return seen_; }

 private:
  std::string line_;
  std::function<void(std::string_view)> sink_;
  std::string held_;
  bool seen_ = false;
};

}  // namespace medperf::engine
