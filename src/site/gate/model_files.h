#pragma once
// The gate for models given as files (hub: type ASSET): an archive comes in by its digest, is
// unpacked with the same suspicion as any from outside, and what a script is given of it is
// compared with that before each run.

#include <string>

#include "site/dataset/hashes.h"
#include "site/hub_client/entities.h"
#include "site/site.h"

namespace medperf::site {

inline constexpr std::string_view kUnservedAsset = "local";  ///< as an asset's URL

/// A model's files, verified at this site.
struct ModelFiles {
  Asset asset;
  FileDigest archive;
  fs::path folder;    ///< what was in the archive
  Manifest manifest;  ///< of the folder, hashed in this command
  Bytes size() const;
  /// What a step that is given them depends on.
  Json identity() const;
};

/// Fetches, verifies and unpacks, unless that was done and the files are the same still. Errors:
/// not_found (its owner does not serve it), corrupt (wrong digest, no archive), refused (withdrawn,
/// download, unsigned where the policy wants signatures, hostile archive), invalid, unavailable.
Result<ModelFiles> admit_files(Site& site, const Asset& asset);

/// Whether nobody wrote to the files since they were admitted. Error: corrupt, of the moment: the
/// next command unpacks them anew.
Status check_files(const ModelFiles& files);

/// Files whose form can hold programs that run when they are read.
std::vector<std::string> files_with_code(const ModelFiles& files);

}  // namespace medperf::site
