#pragma once
// One container run as a scheduler takes it: what to run, what it needs, where each try writes, and
// how it ended.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/memory/sealed_size.h"
#include "engine/run_spec.h"

namespace medperf::engine {

inline constexpr std::string_view kRunSpecVersion = "medperf/run-spec/v1";
inline constexpr std::string_view kRunOutcomeVersion = "medperf/run-outcome/v1";

/// A verified archive: where the image of a run comes from on a machine that has not got it yet.
struct ImageSource {
  fs::path archive;
  FileDigest digest;
};

/// Made anew, and empty, before each try.
struct OutputPlace {
  fs::path path;  ///< Job::output or below it
  bool file = false;
};

struct Job {
  std::string key;   ///< 64 hex digits, of all that the work depends on: same key, same work
  std::string flow;  ///< whose it is, e.g. "b1-d3"
  RunSpec spec;
  ImageSource image;
  /// Of an encrypted archive, which a node runs from its memory; nothing: it is not encrypted. The
  /// passphrase is not here: the node asks for it (key_exchange.h).
  std::optional<SealedSize> sealed = std::nullopt;
  std::vector<std::string> required_walls;  ///< proved where it runs, or it does not run
  /// The folder of which each try gets a new one. Empty: the run goes on with what is there.
  fs::path output;
  std::vector<OutputPlace> places;
};

struct Finished {
  Result<RunOutcome> outcome;
  fs::path output = {};   ///< what the try that counts wrote: Job::output, or a folder beside it
  Seconds elapsed{0};     ///< the engine and what stands around it, without waiting for a turn
  std::string node = {};  ///< where it ran; empty: here
};

/// What a run takes of a machine while it runs.
struct Wish {
  double cores = 0;
  Bytes memory;
  int gpus = 0;                     ///< kAllGpus: as many as there are
  std::vector<int> devices = {};    ///< these, by number; empty: any
  std::string unknown_device = {};  ///< a name that is no number
};
inline constexpr int kAllGpus = -1;
Wish wish_of(const RunSpec& spec);

/// Throws away what is left of earlier tries and makes the places anew.
Status begin_attempt(const Job& job);

/// The job whose output, places and mounts lie in `output` in place of Job::output.
Job redirected(const Job& job, const fs::path& output);

Json to_json(const Job& job);
/// Errors: corrupt, naming the key.
Result<Job> job_from_json(const Json& document);
Json to_json(const Finished& finished);
Result<Finished> finished_from_json(const Json& document);

}  // namespace medperf::engine
