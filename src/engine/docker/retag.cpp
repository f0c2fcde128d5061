#include "engine/docker/retag.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "engine/image/archive.h"
#include "engine/image/tar_stream.h"
#include "engine/probe/probe_image.h"

namespace medperf::engine {
namespace {

constexpr std::uint64_t kBlock = 512;

class TarWriter {
 public:
  static Result<TarWriter> open(const fs::path& path) {
    FileHandle file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) {
      return make_error(
          ErrorKind::kUnavailable, path.native(),
          "the archive cannot be written here: " + std::system_category().message(errno));
    }
    return TarWriter(std::move(file), path);
  }
  Status begin(const std::string& name, std::uint64_t size) {
    MEDPERF_TRY(const std::string header, tar_header(name, size));
    return write(header);
  }
  Status end(std::uint64_t size) {
    return write(std::string((kBlock - size % kBlock) % kBlock, '\0'));
  }
  Status write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::write(file_.get(), text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        return make_error(ErrorKind::kUnavailable, path_.native(),
                          "the archive cannot be written: the disk is full",
                          "Free space in the engine's storage folder, then try again");
      }
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

 private:
  TarWriter(FileHandle file, fs::path path) : file_(std::move(file)), path_(std::move(path)) {}
  FileHandle file_;
  fs::path path_;
};

struct Copied {
  std::map<std::string, std::string> names;      // in the archive -> in the copy
  std::map<std::string, std::string> documents;  // small JSON documents by name
};

std::string plain_name(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  return std::string(path);
}

// Every file goes along under a number, so that no name of the archive matters to the daemon.
Status copy_entry(TarReader& tar, const TarEntry& entry, TarWriter& out, Copied& copied) {
  const std::string name = plain_name(entry.path);
  const std::string number = std::to_string(copied.names.size());
  const bool small = entry.size <= ArchiveLimits{}.document.value;
  std::string document;
  std::uint64_t seen = 0;
  MEDPERF_CHECK(out.begin(number, entry.size));
  while (true) {
    MEDPERF_TRY(const std::string_view piece, tar.read());
    if (piece.empty()) break;
    seen += piece.size();
    MEDPERF_CHECK(out.write(piece));
    if (small) document += piece;
  }
  if (seen != entry.size)
    return make_error(ErrorKind::kCorrupt, printable(name, 200), "the archive is cut short");
  MEDPERF_CHECK(out.end(seen));
  copied.names.emplace(name, number);
  if (small && (trim(document).starts_with('{') || trim(document).starts_with('[')))
    copied.documents.emplace(name, std::move(document));
  return {};
}

Result<Json> document(const Copied& copied, const std::string& name) {
  const auto found = copied.documents.find(name);
  if (found == copied.documents.end()) {
    return make_error(ErrorKind::kCorrupt, printable(name, 200),
                      "a document that the archive needs is missing");
  }
  return parse_json(found->second);
}

std::string blob_name(const Json& descriptor) {
  std::string name = descriptor.get_string("digest");
  if (const auto colon = name.find(':'); colon != std::string::npos) name[colon] = '/';
  return "blobs/" + name;
}

struct Parts {
  std::string config;
  std::vector<std::string> layers;
};

Result<Parts> docker_parts(const Copied& copied) {
  MEDPERF_TRY(const Json manifest, document(copied, "manifest.json"));
  if (!manifest.is_array() || manifest.items().size() != 1)
    return make_error(ErrorKind::kInvalid, "manifest.json", "it does not list exactly one image");
  Parts parts{manifest.items()[0].get_string("Config"), {}};
  const Json* layers = manifest.items()[0].find("Layers");
  if (layers == nullptr || !layers->is_array())
    return make_error(ErrorKind::kInvalid, "manifest.json", "it lists no layers");
  for (const auto& layer : layers->items())
    parts.layers.push_back(layer.is_string() ? layer.as_string() : std::string());
  return parts;
}

// The one image of an index, as read_archive found it: attestations are of an unknown system.
Result<Json> image_manifest(const Copied& copied, const Json& index) {
  const Json* manifests = index.find("manifests");
  if (manifests == nullptr || !manifests->is_array())
    return make_error(ErrorKind::kInvalid, "index.json", "it lists no images");
  for (const auto& item : manifests->items()) {
    const Json* os = item.find_path({"platform", "os"});
    if (os != nullptr && os->is_string() && os->as_string() == "unknown") continue;
    return document(copied, blob_name(item));
  }
  return make_error(ErrorKind::kInvalid, "index.json", "it lists no image");
}

Result<Parts> oci_parts(const Copied& copied) {
  MEDPERF_TRY(const Json index, document(copied, "index.json"));
  MEDPERF_TRY(Json manifest, image_manifest(copied, index));
  if (manifest.contains("manifests")) {
    const Json inner = manifest;
    MEDPERF_TRY(manifest, image_manifest(copied, inner));
  }
  const Json* config = manifest.find("config");
  const Json* layers = manifest.find("layers");
  if (config == nullptr || layers == nullptr || !layers->is_array())
    return make_error(ErrorKind::kInvalid, "manifest", "it names no configuration or no layers");
  Parts parts{blob_name(*config), {}};
  for (const auto& layer : layers->items()) parts.layers.push_back(blob_name(layer));
  return parts;
}

Result<std::string> manifest_of(const Copied& copied, const Parts& parts) {
  const auto number = [&](const std::string& name) -> Result<std::string> {
    const auto found = copied.names.find(name);
    if (found != copied.names.end()) return found->second;
    return make_error(ErrorKind::kCorrupt, printable(name, 200), "this part is not in the archive");
  };
  Json layers = Json::array();
  for (const auto& layer : parts.layers) {
    MEDPERF_TRY(auto name, number(layer));
    layers.push(std::move(name));
  }
  MEDPERF_TRY(auto config, number(parts.config));
  return to_text(Json::array({Json::object(
      {{"Config", std::move(config)}, {"RepoTags", nullptr}, {"Layers", std::move(layers)}})}));
}

}  // namespace

Status write_untagged(const FileHandle& archive, const fs::path& out) {
  MEDPERF_TRY(auto tar, TarReader::open(source_of(archive), true));
  MEDPERF_TRY(auto writer, TarWriter::open(out));
  Copied copied;
  while (true) {
    MEDPERF_TRY(const auto entry, tar.next());
    if (!entry) break;
    if (entry->kind != EntryKind::kFile) continue;
    if (copied.names.size() >= ArchiveLimits{}.archive_entries)
      return make_error(ErrorKind::kTooLarge, "", "the archive has too many entries");
    MEDPERF_CHECK(copy_entry(tar, *entry, writer, copied));
  }
  const bool docker = copied.documents.contains("manifest.json");
  MEDPERF_TRY(const Parts parts, docker ? docker_parts(copied) : oci_parts(copied));
  MEDPERF_TRY(const std::string manifest, manifest_of(copied, parts));
  return writer.write(tar_entry("manifest.json", manifest) + tar_end());
}

}  // namespace medperf::engine
