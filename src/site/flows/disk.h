#pragma once
// Disk: what a stage will need, before it starts, and what is no longer needed.

#include <span>
#include <string>
#include <vector>

#include "site/flows/evaluate.h"

namespace medperf::site {

struct DiskNeed {
  Bytes images;   ///< unpacked, of those the engine has not got
  Bytes outputs;  ///< by earlier outputs of the same image, else the largest of any
  Bytes shards;   ///< copies of the data
  Bytes total() const { return {images.value + outputs.value + shards.value}; }
};
/// Of all models that have not failed.
Result<DiskNeed> estimate_disk(Site& site, std::span<const ModelWork> models);
/// Errors: unavailable, with the figures, when it cannot fit.
Status check_disk(const DiskNeed& need, Bytes free, const fs::path& where);

/// Something in the workspace that can be made or fetched again, and that no command works on now.
struct Removable {
  std::string what;  ///< "shards of prepared data"
  fs::path path;
  Bytes size;
  std::string lock;  ///< of the work that it belongs to; empty: it has a lock of its own
};
std::vector<Removable> removable_things(const Workspace& workspace);
/// What podman needed to run, of commands of this user that were killed, in any workspace.
std::vector<Removable> removable_run_folders();
/// Errors: busy, when a command has begun to work on it.
Status remove_thing(const Workspace& workspace, const Removable& thing);

}  // namespace medperf::site
