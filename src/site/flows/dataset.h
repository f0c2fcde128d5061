#pragma once
// A dataset's way onto the hub: submit (raw hashes), prepare, set operational (prepared hashes and
// statistics), associate (after the reference model ran on it).

#include <string>

#include "site/flows/evaluate.h"
#include "site/flows/prepare.h"
#include "site/flows/reading.h"

namespace medperf::site {

/// What a registering flow did.
struct Registration {
  std::int64_t id = 0;
  bool already = false;  ///< it was there; nothing was written to the hub
};

struct DatasetSubmission {
  BenchmarkId benchmark;  ///< names the preparation container
  std::string name, description, location;
  fs::path data, labels;  ///< raw
};

Result<Registration> submit_dataset(Site& site, const DatasetSubmission& submission);
/// When a preparation whose manual work was not done goes on.
enum class GoOn { kAlways, kAfterChanges };
Result<Prepared> prepare_dataset(Site& site, DatasetId id, GoOn go_on = GoOn::kAlways);
/// `already` when it is operational.
Result<Registration> set_operational(Site& site, DatasetId id);
/// Runs the reference model as compatibility test and asks to join.
Result<Registration> associate_dataset(Site& site, DatasetId id, BenchmarkId benchmark);

/// A registered dataset whose files here are the registered ones.
struct OpenDataset {
  Dataset dataset;
  Admitted preparator;
  fs::path folder;
  std::vector<DatasetRoot> roots;
  Manifest manifest;
  DataSource source() const;
};
/// Hashes what changed since the last reading, or everything. Errors: refused, naming the files
/// that are not the registered ones and what to do.
Result<OpenDataset> open_dataset(Site& site, DatasetId id, Reading reading = Reading::kChanged);

/// Journal and lock of a dataset.
std::string dataset_flow(DatasetId id);

}  // namespace medperf::site
