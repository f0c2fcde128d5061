#include "engine/image/oci_manifest.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr Bytes kDocument = mebibytes(4);
constexpr int kDepth = 32;
constexpr std::size_t kMostLayers = 128;
// So that the sum over all layers cannot run over.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;

Error corrupt(const std::string& where, std::string what) {
  return make_error(ErrorKind::kCorrupt, where, std::move(what),
                    "Fetch the image again; if it stays so, tell its owner");
}

}  // namespace

Result<Json> parse_oci_document(std::string_view text, const std::string& where) {
  JsonLimits limits;
  limits.bytes = kDocument.value;
  limits.depth = kDepth;
  auto document = parse_json(text, limits);
  if (document.ok() && document->is_object()) return document;
  return corrupt(where, "the manifest is no JSON object");
}

Result<OciDescriptor> read_descriptor(const Json& value, const std::string& where) {
  const std::string text = value.get_string("digest");
  const auto digest = FileDigest::parse(text);
  if (!text.starts_with("sha256:") || !digest.ok())
    return corrupt(where, "it names a digest that is no SHA-256");
  const std::int64_t size = value.get_int("size", -1);
  if (size < 0 || size > kMostBytes)
    return corrupt(where, "it names no size, or an impossible one, for " + digest->hex());
  return OciDescriptor{*digest, Bytes{static_cast<std::uint64_t>(size)}};
}

Result<OciManifest> read_manifest(const Json& manifest, const std::string& where) {
  const Json* config = manifest.find("config");
  const Json* layers = manifest.find("layers");
  if (config == nullptr || layers == nullptr || !layers->is_array())
    return corrupt(where, "the manifest names no configuration or no layers");
  if (layers->items().size() > kMostLayers)
    return corrupt(where, fmt::format("the manifest names {} layers; at most {} are read",
                                      layers->items().size(), kMostLayers));
  MEDPERF_TRY(const OciDescriptor document, read_descriptor(*config, where));
  OciManifest out{document, {}};
  for (const Json& layer : layers->items()) {
    MEDPERF_TRY(const OciDescriptor descriptor, read_descriptor(layer, where));
    out.layers.push_back(descriptor);
  }
  return out;
}

Result<OciDescriptor> choose_platform(const Json& index, std::string_view architecture,
                                      const std::string& where) {
  const Json* manifests = index.find("manifests");
  if (manifests == nullptr || !manifests->is_array())
    return corrupt(where, "the index holds no list of manifests");
  std::string there;
  for (const Json& item : manifests->items()) {
    const Json* platform = item.find("platform");
    if (platform == nullptr || platform->get_string("os") != "linux") continue;
    const std::string processor = platform->get_string("architecture");
    if (processor == architecture) return read_descriptor(item, where);
    there += (there.empty() ? "" : ", ") + printable(processor, 40);
  }
  return make_error(ErrorKind::kRefused, where,
                    fmt::format("there is no image for linux/{}; there is: {}", architecture,
                                there.empty() ? "none for linux" : printable(there, 500)),
                    "ask the owner for one; nothing was fetched");
}

}  // namespace medperf::engine
