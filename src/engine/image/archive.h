#pragma once
// Image archives (docker-archive, oci-archive, sif): read and verified without any engine.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::engine {

struct Layer {
  FileDigest diff_id;  ///< of the uncompressed tar; sif: of the file system's bytes
  Bytes size;          ///< of the same
  /// Where it stands in the archive: the header of its entry, in bytes of the unpacked outer tar;
  /// sif: the first byte of the file system.
  std::uint64_t position = 0;
};

/// What the layers hold, as far as their file lists tell. Lists keep their first 50 entries.
struct ImageContents {
  std::uint64_t entries = 0;        ///< files, folders and links over all layers
  std::vector<std::string> setuid;  ///< setuid or setgid programs
  std::vector<std::string>
      world_writable;  ///< files anyone may write (folders with the sticky bit are not)
  std::vector<std::string> devices;  ///< device nodes
  std::vector<std::string> package_managers;
  std::vector<std::string> shells;
  std::vector<std::string> secrets;  ///< names that private keys and credentials usually have
  std::vector<std::string> secret_contents;  ///< files whose text holds a key or a token
  std::vector<std::string> privilege;        ///< sudo and its like
  std::vector<std::string> servers;          ///< programs for signing in from outside
  std::vector<std::string> bills;            ///< software bills of materials, with their size
  std::string system, system_version;        ///< ID and VERSION_ID of os-release
  std::uint64_t packages = 0;                ///< in the package manager's list
  std::vector<std::string> uncounted;        ///< lists of packages in a form that is not counted
  std::vector<std::string> odd_names;        ///< absolute, leaving the root by "..", or not UTF-8
};

struct ImageArchive {
  std::string format;  ///< "docker-archive", "oci-archive" or "sif"
  /// Digest of the config: stable over engines and archives. A sif has no such document; there it
  /// is the digest of the whole file, which is what its signatures and registries name too.
  ImageId image;
  /// oci-archive only; the same image in another archive may have another one.
  std::optional<ManifestDigest> manifest;
  /// Of the registry's index that names this manifest for this platform; none without an index.
  std::optional<ManifestDigest> index;
  std::vector<std::string> tags;
  std::vector<Layer> layers;
  std::string architecture, os, created, user;
  std::vector<std::string> entrypoint, command, environment;
  std::string working_folder;  ///< where the program starts; empty: the root
  std::vector<std::string> exposed_ports, volumes;
  std::vector<std::string> history;  ///< the commands that made it, as the builder noted them
  bool has_healthcheck = false;
  ImageContents contents;
};

/// What an archive may be at most; beyond it reading stops with too_large.
struct ArchiveLimits {
  Bytes unpacked{64ull << 30};  ///< of all layers together
  std::uint64_t ratio = 1000;   ///< unpacked to packed size of a layer, once it passes `ratio_from`
  Bytes ratio_from{256u << 20};
  std::size_t archive_entries = 4096;
  std::size_t layer_entries = 2'000'000;
  std::size_t layers = 128;
  Bytes document{4u << 20};  ///< each JSON document
};

enum class Severity { kInfo, kNotice, kWarning, kSerious };
std::string_view to_string(Severity severity);
struct Finding {
  Severity severity;
  std::string check;  ///< e.g. "CIS 4.1 user"
  std::string what;
  std::string advice{};  ///< to the image's owner
};

/// Reads the archive from an open descriptor, hashes every layer and the config, checks that they
/// agree. One pass; the descriptor's own offset is neither used nor moved. Takes plain archives and
/// ones packed with gzip. Errors: corrupt (what does not match), too_large, invalid (no image
/// archive).
Result<ImageArchive> read_archive(const FileHandle& archive, const ArchiveLimits& limits = {});
/// "amd64", "arm64": this machine's processor, in the words of images.
std::string_view host_architecture();

/// Graded findings, the gravest first, after the CIS Docker Benchmark v1.6.0, section 4 ("Container
/// Images and Build File"), and what else a site should know. `today` (2026-11-26, a time may
/// follow) decides which base systems are past their end of life; empty: not looked at.
std::vector<Finding> inspect(const ImageArchive& image, std::string_view today = {});
Json to_json(const ImageArchive& image, const std::vector<Finding>& findings);

}  // namespace medperf::engine
