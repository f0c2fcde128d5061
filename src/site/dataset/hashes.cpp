#include "site/dataset/hashes.h"

#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>
#include "crypto/sha256.h"

namespace medperf::site {
namespace {

constexpr std::string_view kVersion = "medperf/dataset-files/v1";

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Status take_stat(const FileHandle& file, const std::string& name, FileEntry& entry) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return make_error(ErrorKind::kUnavailable, name, "the file cannot be examined");
  }
  entry.size = static_cast<std::uint64_t>(info.st_size);
  entry.mtime_ns = nanoseconds(info.st_mtim);
  entry.ctime_ns = nanoseconds(info.st_ctim);
  entry.inode = info.st_ino;
  return {};
}

Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::error_code failure;
  // v0 walks nothing for a path that is a file or is not there.
  if (!fs::is_directory(folder, failure)) return std::vector<fs::path>();
  return list_files(folder);
}

std::string names(std::string_view what, const std::vector<std::string>& list, std::size_t limit) {
  if (list.empty()) return {};
  std::string out = fmt::format("{}: ", what);
  for (std::size_t i = 0; i < list.size() && i < limit; ++i) out += (i > 0 ? ", " : "") + list[i];
  if (list.size() > limit) out += fmt::format(" and {} more", list.size() - limit);
  return out;
}

}  // namespace

FolderUid Manifest::folder_uid() const {
  std::vector<std::string_view> hashes;
  hashes.reserve(files.size());
  for (const FileEntry& file : files) hashes.emplace_back(file.sha256);
  std::sort(hashes.begin(), hashes.end());
  crypto::Sha256 hash;
  for (std::string_view hex : hashes) hash.update(hex);
  return FolderUid::parse(hash.finish_hex()).value();
}

DatasetDigest Manifest::dataset_digest() const {
  crypto::Sha256 hash;
  for (const FileEntry& file : files) {
    hash.update(file.path);
    hash.update(std::string_view("\0", 1));
    hash.update(std::to_string(file.size));
    hash.update(std::string_view("\0", 1));
    hash.update(file.sha256);
    hash.update("\n");
  }
  return DatasetDigest::parse(hash.finish_hex()).value();
}

Result<Manifest> hash_dataset(const std::vector<DatasetRoot>& roots) {
  Manifest manifest;
  for (const DatasetRoot& root : roots) {
    MEDPERF_TRY(std::vector<fs::path> paths, files_below(root.folder));
    for (const fs::path& path : paths) {
      FileEntry entry;
      entry.path = root.name + "/" + path.generic_string();
      MEDPERF_TRY(FileHandle file, open_beneath(root.folder, path));
      MEDPERF_CHECK(take_stat(file, entry.path, entry));
      MEDPERF_TRY(FileDigest digest, crypto::digest_file(file));
      entry.sha256 = digest.hex();
      manifest.files.push_back(std::move(entry));
    }
  }
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
  return manifest;
}

Result<bool> looks_unchanged(const Manifest& manifest, const std::vector<DatasetRoot>& roots) {
  std::size_t count = 0;
  for (const DatasetRoot& root : roots) {
    MEDPERF_TRY(std::vector<fs::path> paths, files_below(root.folder));
    for (const fs::path& path : paths) {
      const std::string name = root.name + "/" + path.generic_string();
      auto known = std::lower_bound(
          manifest.files.begin(), manifest.files.end(), name,
          [](const FileEntry& entry, const std::string& wanted) { return entry.path < wanted; });
      if (known == manifest.files.end() || known->path != name) return false;
      struct stat info {};
      if (::lstat((root.folder / path).c_str(), &info) != 0) return false;
      if (static_cast<std::uint64_t>(info.st_size) != known->size ||
          nanoseconds(info.st_mtim) != known->mtime_ns ||
          nanoseconds(info.st_ctim) != known->ctime_ns || info.st_ino != known->inode) {
        return false;
      }
      ++count;
    }
  }
  return count == manifest.files.size();
}

Difference compare(const Manifest& registered, const Manifest& now) {
  Difference out;
  auto a = registered.files.begin();
  auto b = now.files.begin();
  while (a != registered.files.end() || b != now.files.end()) {
    if (b == now.files.end() || (a != registered.files.end() && a->path < b->path)) {
      out.missing.push_back((a++)->path);
    } else if (a == registered.files.end() || b->path < a->path) {
      out.added.push_back((b++)->path);
    } else {
      if (a->sha256 != b->sha256) out.changed.push_back(a->path);
      ++a;
      ++b;
    }
  }
  return out;
}

std::string Difference::text(std::size_t limit) const {
  std::string out;
  for (const std::string& part : {names("changed", changed, limit),
                                  names("missing", missing, limit), names("new", added, limit)}) {
    if (part.empty()) continue;
    out += (out.empty() ? "" : "; ") + part;
  }
  return out;
}

Json to_json(const Manifest& manifest) {
  Json::Array files;
  files.reserve(manifest.files.size());
  for (const FileEntry& file : manifest.files) {
    files.push_back(Json::object({{"path", file.path},
                                  {"size", static_cast<std::int64_t>(file.size)},
                                  {"sha256", file.sha256}}));
  }
  return Json::object({{"medperf", kVersion}, {"files", Json(std::move(files))}});
}

Result<Manifest> manifest_from_json(const Json& document) {
  const Json* files = document.find("files");
  if (document.get_string("medperf") != kVersion || files == nullptr || !files->is_array()) {
    return make_error(ErrorKind::kCorrupt, "list of the dataset's files", "has an unknown form");
  }
  Manifest manifest;
  for (const Json& item : files->items()) {
    FileEntry entry;
    entry.path = item.get_string("path");
    entry.size = static_cast<std::uint64_t>(item.get_int("size"));
    entry.sha256 = item.get_string("sha256");
    manifest.files.push_back(std::move(entry));
  }
  return manifest;
}

}  // namespace medperf::site
