#pragma once
// Manifests and indexes of the OCI Image Specification 1.1 and of docker's schema 2, which has the
// same members: as archives hold them and registries send them.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::engine {

/// What a manifest or index refers to.
struct OciDescriptor {
  FileDigest digest;
  Bytes size{0};
};

/// One image of one platform.
struct OciManifest {
  OciDescriptor config;
  std::vector<OciDescriptor> layers;  ///< at most 128, as engines take; all sizes add up
};

/// The text of a manifest or index: a JSON object of at most 4 MiB. Errors: corrupt at `where`.
Result<Json> parse_oci_document(std::string_view text, const std::string& where);
/// Errors: corrupt, when there is no SHA-256 or no size from 0 to 2^50 bytes.
Result<OciDescriptor> read_descriptor(const Json& value, const std::string& where);
/// Errors: corrupt, when it names no configuration, no list of layers, or more than 128.
Result<OciManifest> read_manifest(const Json& manifest, const std::string& where);

/// The index's entry for linux and `architecture` ("amd64"). Errors: refused, saying which there
/// are; corrupt.
Result<OciDescriptor> choose_platform(const Json& index, std::string_view architecture,
                                      const std::string& where);

}  // namespace medperf::engine
