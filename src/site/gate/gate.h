#pragma once
// The gate: an image comes in by its digest or not at all. Fetched (resumably) from where its owner
// serves it, verified on one open descriptor, inspected, the report stored; loaded into the engine;
// its id looked up again before every run.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/image/archive.h"
#include "engine/memory/sealed_size.h"
#include "site/gate/signature.h"
#include "site/hub_client/entities.h"
#include "site/site.h"
#include "wire/container_config.h"

namespace medperf::site {

inline constexpr std::string_view kGateVersion = "medperf/gate/v1";

/// A container whose image was verified at this site.
struct Admitted {
  Container container;
  wire::ContainerConfig config;
  FileDigest archive;  ///< of the file that holds the image here
  engine::ImageArchive image;
  std::vector<engine::Finding> findings;
  PublisherSignature signature;
  std::optional<Error> refusal;  ///< by the site policy; only examine() gives one
  Bytes plain{0};                ///< of the decrypted archive; 0: it is not encrypted
  fs::path key_file;             ///< of an encrypted one; empty: in the site's key folder
  bool encrypted() const { return wire::is_encrypted(config.type); }
  /// What a step that runs it depends on: image, configuration, parameters, additional files.
  Json identity() const;
  /// SHA-256 hex of the canonical parameters; empty: none.
  std::string parameters_digest() const;
};

/// Verifies a container's image, fetching it when it is not here, and says what the site policy
/// thinks of it. `key_file`: of an encrypted one; empty: the kept or granted key. Errors: not_found
/// (the owner serves no such file), corrupt (wrong digest, broken archive), refused (withdrawn,
/// download), invalid (configuration, type), unavailable.
Result<Admitted> examine(Site& site, const Container& container, const fs::path& key_file = {});

/// As examine; what the policy refuses is an error and recorded.
Result<Admitted> admit(Site& site, const Container& container);

/// Makes sure that the engine holds exactly this image; loads it from the verified archive if not.
/// An encrypted one is made ready to be decrypted into memory by each of its runs.
Status ensure_loaded(Site& site, const Admitted& admitted);

/// Makes sure that the verified archive is at its place in the workspace; an encrypted one as it
/// is.
Status ensure_archived(Site& site, const Admitted& admitted);

/// The same for a cluster's nodes to load. The key of an encrypted one is kept for those that ask.
Status ensure_for_nodes(Site& site, const Admitted& admitted);

/// What is known of the size of an encrypted image.
engine::SealedSize sealed_size(const Admitted& admitted);

/// What the report says of an encrypted image.
engine::Finding encryption_finding();

/// Fetches a file to `target` unless it is there with the right digest; what is there with another
/// digest is thrown away. Gives the descriptor whose bytes were verified. Errors as admit.
Result<FileHandle> fetch_verified(Site& site, const std::string& reference,
                                  const FileDigest& digest, const fs::path& target, Bytes limit);

/// The https URL of a download reference ("https://...", "direct:https://..."). Errors: invalid.
Result<std::string> download_url(const std::string& reference);

}  // namespace medperf::site
