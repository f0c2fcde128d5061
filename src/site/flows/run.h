#pragma once
// `benchmark run`: every approved model of a benchmark on one dataset, in stages: what needs a
// person first, then all inference, all evaluation, then what is sent. One model's failure spares
// the others.

#include <optional>
#include <string>
#include <vector>

#include "site/flows/dataset.h"
#include "site/flows/submit.h"

namespace medperf::site {

enum class RunState {
  kSubmitted,  ///< sent now
  kAlready,    ///< the hub holds it; nothing was run or written
  kFailed,     ///< the model or the evaluation failed
  kRefused,    ///< by the gate, the policy or the envelope
  kDeclined,   ///< by a person
  kWaiting,    ///< for a person
};
std::string_view to_string(RunState state);

struct ModelRun {
  ModelId model;
  std::string name;
  bool reference = false;
  RunState state = RunState::kFailed;
  bool noted = false;                ///< an earlier command met this end; nothing was done now
  ErrorKind kind = ErrorKind::kBug;  ///< of a failure or refusal
  std::string reason;
  ResultId result;
  Json results;       ///< the envelope's results, when there are any
  Seconds engine{0};  ///< the engine's own processes
  Seconds gate{0};    ///< fetching, verifying and inspecting the image, once for each
  Seconds own{0};     ///< the platform's own time: all but engine, gate and person
  Seconds wall{0};    ///< all of it; runs beside each other are added up, waiting is not counted
};

struct RunOptions {
  BenchmarkId benchmark;
  DatasetId dataset;
  std::optional<ModelId> only;
  bool again = false;  ///< take back noted failures and noes
  /// Share inference out among so many runs; nothing: as the site's configuration says.
  std::optional<int> shards = std::nullopt;
};

/// Errors end the whole command: altered dataset, no policy, no sign-in, hub down, interrupted.
Result<std::vector<ModelRun>> run_benchmark(Site& site, const RunOptions& options);

/// The reference model on a dataset up to the envelope, without registering it on the hub.
Result<LocalResult> run_reference(Site& site, const OpenDataset& opened,
                                  const Benchmark& benchmark);

}  // namespace medperf::site
