#pragma once
// AGREED. Image archives (docker-archive, oci-archive): read and verified without any engine.

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::engine {

struct Layer {
  FileDigest diff_id;  ///< of the uncompressed tar
  Bytes size;
};

struct ImageArchive {
  ImageId image;  ///< digest of the config: stable over engines and archives
  std::vector<std::string> tags;
  std::vector<Layer> layers;
  std::string architecture, os, created, user;
  std::vector<std::string> entrypoint, command, environment;
  std::vector<std::string> exposed_ports, volumes;
};

enum class Severity { kInfo, kNotice, kWarning, kSerious };
struct Finding {
  Severity severity;
  std::string check;  ///< e.g. "CIS 4.1 user"
  std::string what;
};

/// Reads the archive from an open descriptor, hashes every layer and the config, checks that they
/// agree. Errors: corrupt (what does not match), too_large, invalid (no image archive).
Result<ImageArchive> read_archive(const FileHandle& archive);
/// Graded findings of a first inspection: root user, setuid files, secrets in the environment ...
std::vector<Finding> inspect(const ImageArchive& image);
Json to_json(const ImageArchive& image, const std::vector<Finding>& findings);

}  // namespace medperf::engine
