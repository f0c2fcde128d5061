#pragma once
// Images from a registry (OCI Distribution Specification 1.1): a reference is resolved to a digest
// once, and what is fetched is what the digest says, whatever the tag means by then.

#include <optional>
#include <string>
#include <vector>

#include "engine/image/archive.h"
#include "engine/image/oci_manifest.h"
#include "site/site.h"

namespace medperf::site {

/// "registry.example:5000/group/model:1", "group/model" (Docker Hub), "...@sha256:...".
struct ImageReference {
  std::string registry;    ///< host and port
  std::string repository;  ///< "group/model"
  std::string tag;         ///< "latest" when none is named
  std::optional<ManifestDigest> digest;
};
/// Errors: invalid.
Result<ImageReference> parse_image_reference(std::string_view text);

/// One image of one platform, as its verified manifest describes it.
struct RegistryImage {
  ManifestDigest top;       ///< of what the reference names: a manifest or an index of them
  ManifestDigest manifest;  ///< of this platform's; the same where there is no index
  ImageId image;
  std::string config;  ///< the document, verified
  std::vector<engine::OciDescriptor> layers;
};

/// Asks the registry; of an index takes linux and this machine's processor. `wanted`: the digest
/// that was registered; without it, the reference's own digest or tag. Only manifests and the
/// configuration are fetched, so that a wrong processor is known before the layers. Errors:
/// not_found, corrupt (a digest does not hold), refused (policy, no image for this machine),
/// unavailable.
Result<RegistryImage> resolve_image(Site& site, const ImageReference& reference,
                                    const std::optional<ManifestDigest>& wanted);

/// Fetches the layers (resumably) and writes a docker-archive of them: the same image gives the
/// same bytes. Errors: as resolve_image, too_large.
Status fetch_image(Site& site, const ImageReference& reference, const RegistryImage& image,
                   const fs::path& target, Bytes limit);

}  // namespace medperf::site
