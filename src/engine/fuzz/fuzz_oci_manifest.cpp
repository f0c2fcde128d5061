// Manifests and indexes, as a hostile registry sends them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/image/oci_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = engine::parse_oci_document(text, "fuzz");
  if (!document.ok()) return 0;
  for (const std::string_view architecture : {"amd64", "arm64"}) {
    const auto chosen = engine::choose_platform(*document, architecture, "fuzz");
    if (!chosen.ok()) (void)chosen.error().text();
  }
  const auto manifest = engine::read_manifest(*document, "fuzz");
  if (!manifest.ok()) return 0;
  // No sum of sizes may run over.
  std::uint64_t all = manifest->config.size.value;
  for (const auto& layer : manifest->layers) {
    if (all + layer.size.value < all || layer.digest.hex().size() != 64) std::abort();
    all += layer.size.value;
  }
  return 0;
}
