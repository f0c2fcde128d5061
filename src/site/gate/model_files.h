#pragma once
// The gate for models given as files (hub: type ASSET): an archive comes in by its digest, is
// unpacked with the same suspicion as any from outside, and what a script is given of it is
// compared with that before each run.

#include <memory>
#include <string>

#include "site/dataset/hashes.h"
#include "site/gate/signature.h"
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
  PublisherSignature signature;
  /// Nobody unpacks them anew or removes them meanwhile.
  std::shared_ptr<const FileLock> in_use;
  Bytes size() const;
  /// What a step that is given them depends on.
  Json identity() const;
};

/// Fetches, verifies and unpacks, unless that was done and the files are the same still. Errors:
/// not_found (its owner does not serve it), corrupt (wrong digest, no archive), refused (withdrawn,
/// download, unsigned where the policy wants signatures, hostile archive), invalid, unavailable.
Result<ModelFiles> admit_files(Site& site, const Asset& asset);

/// Makes sure that the registered archive is here, hashed now. Errors: not_found (nobody serves it
/// and it is not here), corrupt, refused (download), unavailable.
Status ensure_files_archived(Site& site, const Asset& asset, const FileDigest& archive);

/// Names the lock and journal of an archive's files.
std::string files_flow(std::string_view hex);
/// Whether what lies there was fetched from its owner and not brought by hand, so that it can be
/// fetched again. The caller holds the lock.
bool files_were_fetched(const Workspace& workspace, const std::string& hex);

/// Whether nobody wrote to the files since they were admitted. Error: corrupt, of the moment: the
/// next command unpacks them anew.
Status check_files(const ModelFiles& files);

/// Files whose form can hold programs that run when they are read.
std::vector<std::string> files_with_code(const ModelFiles& files);

}  // namespace medperf::site
