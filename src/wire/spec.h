#pragma once
// What a benchmark group writes: the benchmark specification (medperf/benchmark/v1) and the release
// policy (medperf/release/v1). Both are YAML files that travel as JSON in the benchmark's
// metadata.medperf. Their schemas are in docs/schemas/.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::wire {

inline constexpr std::string_view kBenchmarkFormat = "medperf/benchmark/v1";
inline constexpr std::string_view kReleaseFormat = "medperf/release/v1";

/// What a task may use at most. A site's policy may set less, never more.
struct TaskLimits {
  std::optional<std::int64_t> memory_mib;
  std::optional<std::int64_t> pids;
  std::optional<std::int64_t> seconds;  ///< wall clock
};

/// How cases lie in the prepared data, so that a site may share them out among several runs of a
/// model. Every part names the same cases in the same order; what no part names is given to each
/// run whole. Paths are relative to the data or predictions folder.
struct CaseLayout {
  std::vector<std::string> tables;  ///< CSV: a row below the header is a case
  std::vector<std::string> arrays;  ///< .npy: the first axis counts cases
  std::vector<std::string> files;   ///< patterns; a file or folder is a case, by its name's bytes
  std::vector<std::string> merged_tables;  ///< of the predictions: rows are put one after the other
};

/// Where the source of the reference implementation lies: a tar.gz, for model owners to change.
struct SourceArchive {
  std::string url;  ///< https, at most 256 characters
  FileDigest digest;
};

struct BenchmarkSpecification {
  std::string name;         ///< of the benchmark on the hub, at most 128 characters
  std::string description;  ///< one sentence, at most 256 characters
  std::string docs_url;     ///< may be empty, at most 100 characters
  /// Paths of the other documents, relative to the specification, without "..".
  std::string result_schema;
  std::string release_policy;
  std::map<std::string, TaskLimits> limits;  ///< by task name
  std::optional<CaseLayout> cases;           ///< nothing: cases cannot be shared out
  std::optional<SourceArchive> source;       ///< of the reference model
  bool simulated = false;  ///< sites or data are simulated; shown with every table
  /// The whole document: narrative sections are kept and shown, not interpreted.
  Json document;
};

/// Errors: invalid, with every problem as a field error. Required are medperf, name, description,
/// files.{result_schema,release_policy} and the sections clinical_question, population, labelling
/// and metrics; other sections are free.
Result<BenchmarkSpecification> read_benchmark_specification(const Json& document);

/// What one group of people is shown of a benchmark's results.
struct Release {
  bool everything = false;       ///< "full"
  bool own_rows = false;         ///< "own-row": rows of one's own datasets
  bool own_model_sites = false;  ///< "own-model-sites": every site's rows of one's own models
  bool pooled = false;           ///< "pooled": figures over all sites
};

struct ReleasePolicy {
  Release benchmark_owner{true, false, false, false};
  Release dataset_owner{false, true, false, false};
  Release model_owner;
  std::int64_t minimum_sites_for_pooled = 3;      ///< with two, one could subtract its own row
  std::int64_t minimum_sites_for_statement = 10;  ///< below it figures come with a warning
};

/// Grants are words joined by "+": full, own-row, own-model-sites, pooled, or none alone. A missing
/// document is the default policy above; a missing key keeps its default. Errors: invalid, as
/// above.
Result<ReleasePolicy> read_release_policy(const Json& document);

}  // namespace medperf::wire
