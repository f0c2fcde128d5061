#include "engine/image/archive.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "engine/image/layer_scan.h"
#include "engine/image/oci_manifest.h"
#include "engine/image/sif.h"
#include "engine/image/tar_stream.h"

namespace medperf::engine {
namespace {

Error invalid(std::string where, std::string what,
              std::string advice = "Save the image with `podman save`") {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what), std::move(advice));
}
Error corrupt(std::string where, std::string what) {
  return make_error(ErrorKind::kCorrupt, std::move(where), std::move(what),
                    "Fetch the archive again; if it stays so, tell the owner of the image");
}

struct Document {
  std::string text;
  std::string digest;
};

// Everything the outer tar holds: small JSON documents by name, the rest hashed and scanned.
struct Parts {
  std::map<std::string, Document> documents;
  std::map<std::string, ScannedBlob> blobs;
  std::map<std::string, bool> links;
  std::uint64_t document_bytes = 0;
};

constexpr std::uint64_t kAllDocuments = 64u << 20;

Result<std::string> clean_name(const TarEntry& entry) {
  std::string_view path = entry.path;
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == ".") path = {};
  const auto parts = split(path, '/');
  if (entry.path.empty() || path.starts_with('/') || !is_valid_utf8(path) || path.size() > 1000 ||
      std::find(parts.begin(), parts.end(), "..") != parts.end()) {
    return invalid(printable(entry.path, 200),
                   "the archive has an entry whose name leaves the archive",
                   "Treat the archive as hostile");
  }
  return std::string(path);
}

bool looks_like_json(std::string_view start) {
  const auto text = trim(start.substr(0, 64));
  return text.starts_with('{') || text.starts_with('[');
}

// Reads one entry whole when it is a JSON document, else streams it through the layer scan.
Status read_entry(TarReader& tar, const std::string& name, const TarEntry& entry,
                  const ArchiveLimits& limits, std::uint64_t& budget, Parts& parts) {
  MEDPERF_TRY(const std::string_view first, tar.read());
  if (looks_like_json(first)) {
    parts.document_bytes += entry.size;
    if (entry.size > limits.document.value || parts.document_bytes > kAllDocuments) {
      return make_error(ErrorKind::kTooLarge, printable(name, 200),
                        "a JSON document of " + to_string(Bytes{entry.size}) + " is larger than " +
                            to_string(limits.document),
                        "Treat the archive as hostile");
    }
    Document document{std::string(first), {}};
    while (true) {
      MEDPERF_TRY(const std::string_view piece, tar.read());
      if (piece.empty()) break;
      document.text += piece;
    }
    document.digest = crypto::sha256_hex(document.text);
    parts.documents.emplace(name, std::move(document));
    return {};
  }
  bool given = false;
  const ByteSource source = [&]() -> Result<std::string_view> {
    if (!given) {
      given = true;
      return first;
    }
    return tar.read();
  };
  auto blob = scan_layer(source, limits, budget);
  if (!blob.ok()) return std::move(blob).error().at(printable(name, 200));
  blob->position = entry.position;
  parts.blobs.emplace(name, std::move(*blob));
  if (parts.blobs.size() > 2 * limits.layers) {
    return make_error(
        ErrorKind::kTooLarge, "",
        "the archive holds more than " + std::to_string(2 * limits.layers) + " layers",
        "Treat the archive as hostile");
  }
  return {};
}

Result<Parts> read_parts(const FileHandle& archive, const ArchiveLimits& limits) {
  auto tar = TarReader::open(source_of(archive), true);
  if (!tar.ok()) {
    if (tar.error().kind != ErrorKind::kCorrupt) return tar.error();
    return invalid("", "this is no image archive (" + tar.error().what + ")");
  }
  Parts parts;
  std::uint64_t budget = limits.unpacked.value;
  std::size_t entries = 0;
  while (true) {
    MEDPERF_TRY(const auto entry, tar->next());
    if (!entry) break;
    if (++entries > limits.archive_entries) {
      return make_error(
          ErrorKind::kTooLarge, "",
          "the archive has more than " + std::to_string(limits.archive_entries) + " entries");
    }
    MEDPERF_TRY(const std::string name, clean_name(*entry));
    if (entry->kind == EntryKind::kFolder) continue;
    if (parts.documents.contains(name) || parts.blobs.contains(name) ||
        parts.links.contains(name)) {
      return corrupt(printable(name, 200), "the archive holds this entry twice");
    }
    if (entry->sparse) return invalid(printable(name, 200), "an entry has holes (sparse file)");
    if (entry->kind == EntryKind::kFile) {
      MEDPERF_CHECK(read_entry(*tar, name, *entry, limits, budget, parts));
    } else {
      parts.links.emplace(name,
                          true);  // `podman save` writes some for old readers; harmless unless used
    }
  }
  return parts;
}

Result<Json> parse_document(const Parts& parts, const std::string& name) {
  const auto found = parts.documents.find(name);
  if (found == parts.documents.end()) {
    if (parts.links.contains(name))
      return invalid(printable(name, 200), "a needed entry is a link, not a file");
    return corrupt(printable(name, 200), "a document that the manifest names is missing");
  }
  JsonLimits limits;
  limits.depth = 32;
  auto json = parse_json(found->second.text, limits);
  if (!json.ok()) return std::move(json).error().at(printable(name, 200));
  return json;
}

std::vector<std::string> strings(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& item : list->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::vector<std::string> keys(const Json* object) {
  std::vector<std::string> out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& [key, value] : object->members()) out.push_back(key);
  return out;
}

// The layers in their order, each by the name of its entry in the archive.
Status check_layers(const Parts& parts, const std::vector<std::string>& names,
                    const std::vector<std::string>& diff_ids, ImageArchive& image) {
  if (names.size() != diff_ids.size()) {
    return corrupt("layers", "the manifest names " + std::to_string(names.size()) +
                                 " layers, the configuration " + std::to_string(diff_ids.size()));
  }
  std::uint64_t index = 0;
  for (const auto& name : names) {
    const auto place = "layer " + std::to_string(index + 1);
    const auto found = parts.blobs.find(name);
    if (found == parts.blobs.end()) {
      if (parts.links.contains(name)) return invalid(place, "the layer is a link, not a file");
      return corrupt(place, "the layer is missing from the archive: " + printable(name, 200));
    }
    if (!found->second.problem.empty()) return corrupt(place, found->second.problem);
    MEDPERF_TRY(auto wanted, FileDigest::parse(diff_ids[index]));
    if (wanted.hex() != found->second.diff_id) {
      return corrupt(place, "its content has SHA-256 " + found->second.diff_id +
                                ", the configuration says " + wanted.hex());
    }
    image.layers.push_back({wanted, Bytes{found->second.unpacked}, found->second.position});
    merge(image.contents, found->second.contents);
    ++index;
  }
  return {};
}

// Fills the image from its configuration document and checks the layers against it.
Status read_config(const Parts& parts, const std::string& name,
                   const std::vector<std::string>& layer_names, const ArchiveLimits& limits,
                   ImageArchive& image) {
  MEDPERF_TRY(const Json config, parse_document(parts, name));
  MEDPERF_TRY(image.image, ImageId::parse(parts.documents.at(name).digest));
  if (!config.is_object()) return invalid("config", "the image's configuration is no JSON object");
  image.architecture = config.get_string("architecture");
  image.os = config.get_string("os");
  image.created = config.get_string("created");
  if (const Json* run = config.find("config"); run != nullptr) {
    image.user = run->get_string("User");
    image.entrypoint = strings(run->find("Entrypoint"));
    image.command = strings(run->find("Cmd"));
    image.environment = strings(run->find("Env"));
    image.working_folder = run->get_string("WorkingDir");
    image.exposed_ports = keys(run->find("ExposedPorts"));
    image.volumes = keys(run->find("Volumes"));
    const Json* health = run->find("Healthcheck");
    image.has_healthcheck = health != nullptr && health->is_object();
  }
  if (const Json* history = config.find("history"); history != nullptr && history->is_array()) {
    for (const Json& step : history->items())
      image.history.push_back(step.get_string("created_by"));
  }
  const auto diff_ids = strings(config.find_path({"rootfs", "diff_ids"}));
  if (diff_ids.empty()) return invalid("config", "the image has no layers");
  if (diff_ids.size() > limits.layers) {
    return make_error(ErrorKind::kTooLarge, "config",
                      "the image has more than " + std::to_string(limits.layers) + " layers");
  }
  return check_layers(parts, layer_names, diff_ids, image);
}

// A name such as "blobs/sha256/<hex>" or "<hex>.json" promises the digest of the content.
Status check_promised_digest(const Parts& parts, const std::string& name) {
  std::string_view stem = name;
  if (const auto slash = stem.rfind('/'); slash != std::string_view::npos)
    stem.remove_prefix(slash + 1);
  if (stem.ends_with(".json")) stem.remove_suffix(5);
  const auto promised = FileDigest::parse(stem);
  const auto found = parts.documents.find(name);
  if (!promised.ok() || found == parts.documents.end() || promised->hex() == found->second.digest)
    return {};
  return corrupt(printable(name, 200), "its content has SHA-256 " + found->second.digest);
}

Result<ImageArchive> read_docker(const Parts& parts, const ArchiveLimits& limits) {
  MEDPERF_TRY(const Json manifest, parse_document(parts, "manifest.json"));
  if (!manifest.is_array() || manifest.items().empty() || !manifest.items()[0].is_object()) {
    return invalid("manifest.json", "it is no list of images");
  }
  if (manifest.items().size() != 1) {
    return invalid("manifest.json",
                   "the archive holds " + std::to_string(manifest.items().size()) + " images",
                   "Save one image an archive");
  }
  const Json& entry = manifest.items()[0];
  ImageArchive image;
  image.format = "docker-archive";
  image.tags = strings(entry.find("RepoTags"));
  const auto config = entry.get_string("Config");
  MEDPERF_CHECK(read_config(parts, config, strings(entry.find("Layers")), limits, image));
  MEDPERF_CHECK(check_promised_digest(parts, config));
  return image;
}

// Where an archive keeps what a descriptor names.
std::string entry_of(const OciDescriptor& descriptor) {
  return "blobs/sha256/" + descriptor.digest.hex();
}

Result<Json> document_of(const Parts& parts, const OciDescriptor& descriptor) {
  const std::string name = entry_of(descriptor);
  MEDPERF_TRY(Json json, parse_document(parts, name));
  const auto& document = parts.documents.at(name);
  if (document.digest != descriptor.digest.hex())
    return corrupt(name, "its content has SHA-256 " + document.digest);
  if (descriptor.size.value != document.text.size())
    return corrupt(name, "its size differs from the one declared");
  return json;
}

// The one image manifest of an index. Attestations ("unknown" platform) are no images.
Result<OciDescriptor> only_image(const Json& index, std::vector<std::string>& tags) {
  const Json* manifests = index.find("manifests");
  std::vector<OciDescriptor> found;
  if (manifests != nullptr && manifests->is_array()) {
    for (const auto& item : manifests->items()) {
      const Json* os = item.find_path({"platform", "os"});
      if (os != nullptr && os->is_string() && os->as_string() == "unknown") continue;
      MEDPERF_TRY(auto descriptor, read_descriptor(item, "index.json"));
      found.push_back(std::move(descriptor));
      if (const Json* tag = item.find_path({"annotations", "org.opencontainers.image.ref.name"});
          tag != nullptr && tag->is_string()) {
        tags.push_back(tag->as_string());
      }
    }
  }
  if (found.size() == 1) return found.front();
  return invalid("index.json", "the archive holds " + std::to_string(found.size()) + " images",
                 "Save one image, of one platform, an archive");
}

Result<ImageArchive> read_oci(const Parts& parts, const ArchiveLimits& limits) {
  ImageArchive image;
  image.format = "oci-archive";
  MEDPERF_TRY(const Json index, parse_document(parts, "index.json"));
  MEDPERF_TRY(auto descriptor, only_image(index, image.tags));
  MEDPERF_TRY(Json manifest, document_of(parts, descriptor));
  if (manifest.contains("manifests")) {  // an index in the index
    MEDPERF_TRY(descriptor, only_image(manifest, image.tags));
    MEDPERF_TRY(manifest, document_of(parts, descriptor));
  }
  MEDPERF_TRY(image.manifest, ManifestDigest::parse(descriptor.digest.hex()));
  MEDPERF_TRY(const OciManifest contents, read_manifest(manifest, "manifest"));
  std::vector<std::string> names;
  for (const OciDescriptor& layer : contents.layers) {
    names.push_back(entry_of(layer));
    const auto blob = parts.blobs.find(names.back());
    if (blob != parts.blobs.end() &&
        (blob->second.digest != layer.digest.hex() || layer.size.value != blob->second.size)) {
      return corrupt(names.back(), "its content has SHA-256 " + blob->second.digest);
    }
  }
  MEDPERF_CHECK(document_of(parts, contents.config));
  MEDPERF_CHECK(read_config(parts, entry_of(contents.config), names, limits, image));
  return image;
}

}  // namespace

Result<ImageArchive> read_archive(const FileHandle& archive, const ArchiveLimits& limits) {
  if (is_sif(archive)) return read_sif_archive(archive, limits);
  MEDPERF_TRY(const Parts parts, read_parts(archive, limits));
  if (parts.documents.contains("manifest.json")) return read_docker(parts, limits);
  if (parts.documents.contains("index.json")) return read_oci(parts, limits);
  return invalid(
      "", "the archive holds neither manifest.json (docker-archive) nor index.json (oci-archive)");
}

}  // namespace medperf::engine
