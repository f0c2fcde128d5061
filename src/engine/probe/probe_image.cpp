#include "engine/probe/probe_image.h"

#include <fmt/format.h>

#include "base/json.h"
#include "crypto/sha256.h"

namespace medperf::engine {
namespace {

#if defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif

}  // namespace

Result<std::string> tar_header(std::string_view name, std::uint64_t size, unsigned mode) {
  constexpr std::uint64_t kOctalEnd = 1ull << 33;  // 11 octal digits
  if (name.empty() || name.size() > 100)
    return make_error(ErrorKind::kInvalid, std::string(name), "this name is no name for an entry");
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, fmt::format("{:07o}", mode));
  put(108, "0000000");
  put(116, "0000000");
  if (size < kOctalEnd) {
    put(124, fmt::format("{:011o}", size));
  } else {
    header[124] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) header[135 - i] = static_cast<char>(size >> (8 * i));
  }
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

std::string tar_entry(std::string_view name, std::string_view content, unsigned mode) {
  std::string out = tar_header(name.substr(0, 100), content.size(), mode).value();
  out += content;
  out.resize((out.size() + 511) / 512 * 512, '\0');
  return out;
}

std::string tar_end() {
  return std::string(1024, '\0');
}

BuiltImage build_image(std::string_view name, std::string_view program) {
  const std::string layer = tar_entry(name, program, 0755) + tar_end();
  const std::string layer_digest = crypto::sha256_hex(layer);
  const std::string config = to_text(Json::object(
      {{"architecture", kArchitecture},
       {"os", "linux"},
       {"created", "1970-01-01T00:00:00Z"},
       {"config", Json::object({{"Entrypoint", Json::array({"/" + std::string(name)})},
                                {"User", "65534:65534"}})},
       {"rootfs",
        Json::object({{"type", "layers"}, {"diff_ids", Json::array({"sha256:" + layer_digest})}})},
       {"history", Json::array({Json::object({{"created", "1970-01-01T00:00:00Z"}})})}}));
  const std::string config_digest = crypto::sha256_hex(config);
  const std::string manifest =
      to_text(Json::array({Json::object({{"Config", config_digest + ".json"},
                                         {"RepoTags", Json(Json::Array{})},
                                         {"Layers", Json::array({layer_digest + ".tar"})}})}));
  BuiltImage built;
  built.image = ImageId::parse(config_digest).value();
  built.archive = tar_entry(layer_digest + ".tar", layer) +
                  tar_entry(config_digest + ".json", config) +
                  tar_entry("manifest.json", manifest) + tar_end();
  return built;
}

}  // namespace medperf::engine
