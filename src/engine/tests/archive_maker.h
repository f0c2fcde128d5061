#pragma once
// Image archives for tests, made byte by byte so that each can be wrong in one place.

#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/json.h"
#include "crypto/sha256.h"
#include "engine/image/archive.h"
#include "engine/probe/probe_image.h"

namespace medperf::engine::testing {

using Entries = std::vector<std::pair<std::string, std::string>>;

inline std::string tar_of(const Entries& entries) {
  std::string out;
  for (const auto& [name, content] : entries) out += tar_entry(name, content);
  return out + tar_end();
}

/// A tar header of another type: '2' symbolic link, '1' hard link, '3' device.
inline std::string typed_entry(const std::string& name, char type, const std::string& target = {}) {
  std::string header = tar_entry(name, "").substr(0, 512);
  header[156] = type;
  header.replace(157, target.size(), target);
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof(text), "%06o", sum);
  header.replace(148, 7, std::string(text, 7));
  return header;
}

inline FileHandle file_of(const std::string& bytes) {
  FileHandle file(::memfd_create("archive", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return file;
}

/// An image in pieces; `docker()` and `oci()` put them together.
struct ImageMaker {
  std::vector<std::string> layers = {
      tar_of({{"app/run", "program"}})};  ///< as stored, perhaps packed
  std::vector<std::string> plain = {};    ///< unpacked, when different from `layers`
  Json run = Json::object({{"User", "1000"}});
  std::string architecture = "amd64";
  std::vector<std::string> tags = {"localhost/m:1"};
  std::vector<std::string> history;  ///< commands of the builder

  std::string config() const {
    Json diff_ids = Json::array();
    for (const auto& layer : plain.empty() ? layers : plain)
      diff_ids.push("sha256:" + crypto::sha256_hex(layer));
    Json steps = Json::array();
    for (const auto& command : history) steps.push(Json::object({{"created_by", command}}));
    return to_text(
        Json::object({{"architecture", architecture},
                      {"history", steps},
                      {"os", "linux"},
                      {"created", "2026-01-01T00:00:00Z"},
                      {"config", run},
                      {"rootfs", Json::object({{"type", "layers"}, {"diff_ids", diff_ids}})}}));
  }
  std::string id() const { return crypto::sha256_hex(config()); }

  Entries docker_entries() const {
    Entries entries;
    Json names = Json::array();
    for (const auto& layer : layers) {
      names.push(crypto::sha256_hex(layer) + ".tar");
      entries.emplace_back(crypto::sha256_hex(layer) + ".tar", layer);
    }
    Json tag_list = Json::array();
    for (const auto& tag : tags) tag_list.push(tag);
    entries.emplace_back(id() + ".json", config());
    entries.emplace_back(
        "manifest.json",
        to_text(Json::array({Json::object(
            {{"Config", id() + ".json"}, {"RepoTags", tag_list}, {"Layers", names}})})));
    return entries;
  }
  std::string docker() const { return tar_of(docker_entries()); }

  static Json descriptor(const std::string& content) {
    return Json::object({{"mediaType", "application/vnd.oci.image"},
                         {"digest", "sha256:" + crypto::sha256_hex(content)},
                         {"size", content.size()}});
  }
  Entries oci_entries() const {
    const auto blob = [](const std::string& content) {
      return "blobs/sha256/" + crypto::sha256_hex(content);
    };
    Entries entries = {{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};
    Json layer_list = Json::array();
    for (const auto& layer : layers) {
      layer_list.push(descriptor(layer));
      entries.emplace_back(blob(layer), layer);
    }
    const std::string manifest = to_text(Json::object(
        {{"schemaVersion", 2}, {"config", descriptor(config())}, {"layers", layer_list}}));
    entries.emplace_back(blob(config()), config());
    entries.emplace_back(blob(manifest), manifest);
    entries.emplace_back(
        "index.json", to_text(Json::object({{"schemaVersion", 2},
                                            {"manifests", Json::array({descriptor(manifest)})}})));
    return entries;
  }
  std::string oci() const { return tar_of(oci_entries()); }
};

inline Result<ImageArchive> read(const std::string& bytes, const ArchiveLimits& limits = {}) {
  return read_archive(file_of(bytes), limits);
}

}  // namespace medperf::engine::testing
