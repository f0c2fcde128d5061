#pragma once
// Raw data to prepared data through a preparation container: prepare, sanity_check, statistics.

#include <optional>
#include <string>

#include "site/dataset/hashes.h"
#include "site/flows/journal.h"
#include "site/gate/gate.h"

namespace medperf::site {

/// In a dataset's folder: the stamps of its last reading.
inline constexpr std::string_view kStampsName = "stamps";

struct Preparation {
  Admitted preparator;
  fs::path raw_data, raw_labels;
  FolderUid raw_uid;
  fs::path folder;                ///< gets data/, labels/, metadata/, statistics.yaml, logs/
  std::string subject;            ///< "dataset-3" or "demo", for the log
  bool already_prepared = false;  ///< demo data may come prepared: only checked then
  /// On the hub, which may be told how far it got; nothing: not registered.
  std::optional<DatasetId> dataset = std::nullopt;
  /// A preparation that has manual work left goes on only when its files were changed.
  bool only_after_changes = false;
};

struct Prepared {
  std::vector<DatasetRoot> roots;  ///< data and labels
  Manifest manifest;
  Json statistics;
  bool ran = false;  ///< a container ran in this call
};

/// Where a preparation's folders are. A preparator without `output_labels_path` keeps labels in
/// data.
std::vector<DatasetRoot> prepared_roots(const Admitted& preparator, const fs::path& folder);
/// The folder that evaluators get as `labels`.
fs::path prepared_labels(const Admitted& preparator, const fs::path& folder);

/// `cause` of the refusal of a preparator with a report whose check failed: its manual work is not
/// done, and the next command goes on with its preparation.
inline constexpr std::string_view kNotReadyCause = "not ready yet";

/// Runs what is not noted yet. Errors: as run_task; a failing sanity_check is refused: the data is
/// not ready.
Result<Prepared> prepare_data(Site& site, Journal& journal, const Preparation& preparation);

}  // namespace medperf::site
