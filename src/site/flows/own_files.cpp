#include "site/flows/own_files.h"

#include <fcntl.h>

#include <utility>

#include "base/yaml.h"
#include "crypto/sha256.h"

namespace medperf::site {

Result<Json> read_own_document(const fs::path& file) {
  auto text = read_file(file, mebibytes(4));
  if (!text.ok()) return std::move(text).error();
  auto value = parse_yaml(*text);
  if (!value.ok()) return std::move(value).error().at(file.string());
  return value;
}

Result<OwnArchive> read_own_archive(const fs::path& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!handle.is_open()) {
    return make_error(ErrorKind::kNotFound, path.string(), "the image archive cannot be opened",
                      "save the image with 'podman save --format docker-archive'");
  }
  OwnArchive out;
  MEDPERF_TRY(out.digest, crypto::digest_file(handle));
  auto image = engine::read_archive(handle);
  if (!image.ok()) return std::move(image).error().at(path.string());
  out.image = std::move(*image);
  return out;
}

Result<OwnArchive> read_own_sealed(const Site& site, const fs::path& file,
                                   const crypto::Secret& key, Bytes limit) {
  MEDPERF_TRY(const FileHandle handle, open_file(file));
  OwnArchive out;
  MEDPERF_TRY(out.digest, crypto::digest_file(handle));
  auto opened = engine::open_sealed(handle, key, limit, site.sealed_setup());
  if (!opened.ok()) return std::move(opened).error().at(file.string());
  out.image = std::move(opened->image);
  out.plain = opened->plain;
  return out;
}

}  // namespace medperf::site
