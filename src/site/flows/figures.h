#pragma once
// What a run of an image took, kept for each image, and what another number of cases (of a
// preparation: another size of raw data) will therefore take. Rough on purpose: everything is taken
// to grow with the cases.

#include <optional>
#include <string>

#include "site/flows/evaluate.h"

namespace medperf::site {

inline constexpr std::string_view kFiguresVersion = "medperf/run-figures/v1";

/// What the work grows with.
enum class FiguresUnit { kCases, kRawMebibytes };

struct RunFigures {
  std::size_t cases = 0;  ///< or MiB of raw data, as `unit` says
  Seconds time{0};        ///< of the engine; of shards: added up
  Bytes peak_memory;      ///< of the container's cgroup; 0: not known
  Bytes output;
  std::string on;  ///< "demo data", "dataset 3"
  FiguresUnit unit = FiguresUnit::kCases;
};

Json to_json(const RunFigures& figures);
/// Nothing when it is none: figures come from the hub, too.
std::optional<RunFigures> figures_from(const Json& document);

/// The same with shards: cases, time and output added up.
RunFigures together(const RunFigures& one, const RunFigures& other);
RunFigures scaled(const RunFigures& figures, std::size_t cases);

/// Whose figures they are. Of a script they depend on the files it was given, too.
inline std::string figures_key(const ImageId& image) {
  return image.hex();
}
std::string figures_key(const Evaluation& evaluation);

/// Keeps the figures of a key, unless those of more cases are kept.
Status keep_figures(const Workspace& workspace, const std::string& key, const RunFigures& figures);
std::optional<RunFigures> kept_figures(const Workspace& workspace, const std::string& key);

/// For the person who decides about a model: how long, how much disk and memory its inference will
/// roughly take; by whose figures; or that nobody knows. `limit`: the policy's memory.
std::string expectation(const Workspace& workspace, const Evaluation& evaluation, Bytes limit);

/// The same for the evaluation of one model's predictions of so many cases.
std::string evaluation_expectation(const Workspace& workspace, const Benchmark& benchmark,
                                   const ImageId& evaluator, std::size_t cases, Bytes limit);
/// The same for the preparation of so much raw data: by what the image took here.
std::string preparation_expectation(const Workspace& workspace, const ImageId& preparator,
                                    Bytes raw, Bytes limit);
/// Raw data in the unit of RunFigures; at least 1.
std::size_t raw_mebibytes(Bytes raw);

/// The cases of a dataset, where the benchmark says how they lie; 0: it does not.
std::size_t cases_in(const Benchmark& benchmark, const fs::path& data);

}  // namespace medperf::site
