#include "site/flows/own_files.h"

#include <fcntl.h>

#include <system_error>
#include <utility>

#include <fmt/format.h>
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

Status keep_copy(const fs::path& file, const FileDigest& digest, const fs::path& place) {
  const auto check = [&](const fs::path& one) -> Status {
    MEDPERF_TRY(const FileDigest found, crypto::digest_file(one));
    if (found == digest) return {};
    return make_error(ErrorKind::kCorrupt, file.string(),
                      fmt::format("its digest is {}, registered is {}", found.hex(), digest.hex()),
                      "get the archive again from its owner");
  };
  std::error_code failure;
  if (fs::exists(place, failure) && check(place).ok()) return check(file);
  const fs::path beside = place.native() + ".copied";
  fs::copy_file(file, beside, fs::copy_options::overwrite_existing, failure);
  if (failure) {
    const bool missing = failure == std::errc::no_such_file_or_directory;
    return make_error(missing ? ErrorKind::kNotFound : ErrorKind::kUnavailable, file.string(),
                      "the archive cannot be copied: " + failure.message(),
                      missing ? "check its name" : "check the disk");
  }
  // The copy is what counts, whatever becomes of the file meanwhile.
  if (auto right = check(beside); !right.ok()) {
    fs::remove(beside, failure);
    return right;
  }
  fs::rename(beside, place, failure);
  if (!failure) return {};
  return make_error(ErrorKind::kUnavailable, place.string(),
                    "the archive cannot be put in place: " + failure.message(), "check the disk");
}

}  // namespace medperf::site
