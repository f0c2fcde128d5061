#include "site/workspace/workspace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace medperf::site {

std::string run_name(BenchmarkId benchmark, ModelId model, DatasetId dataset) {
  return fmt::format("b{}-m{}-d{}", benchmark.value, model.value, dataset.value);
}

Status write_copy(const fs::path& path, std::string_view content) {
  const FileHandle file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  while (file.is_open() && !content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.is_open() && content.empty()) return {};
  return make_error(ErrorKind::kUnavailable, path.string(),
                    std::string("the file cannot be written: ") + std::strerror(errno),
                    "check the disk's space and the folder");
}

Result<Workspace> Workspace::open(const fs::path& root) {
  std::error_code failure;
  const fs::path absolute = fs::absolute(root, failure);
  if (failure || root.empty()) {
    return make_error(ErrorKind::kInvalid, root.string(), "is no usable path for the workspace",
                      "give a folder with --workspace or MEDPERF_HOME");
  }
  MEDPERF_CHECK(make_private_folder(absolute));
  struct stat info {};
  if (::lstat(absolute.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return make_error(ErrorKind::kUnavailable, absolute.string(), "the workspace is no folder",
                      "give another folder with --workspace or MEDPERF_HOME");
  }
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    return make_error(ErrorKind::kRefused, absolute.string(),
                      "the workspace is open to other users",
                      "make it your own and private: chmod 700 " + absolute.string());
  }
  Workspace workspace(absolute);
  for (const char* folder : {"keys", "log", "journal", "locks", "leases", "images", "gate",
                             "datasets", "runs", "shards", "progress", "containers", "reviews"}) {
    MEDPERF_CHECK(make_private_folder(absolute / folder));
  }
  return workspace;
}

fs::path Workspace::journal_file(std::string_view flow) const {
  return root_ / "journal" / (std::string(flow) + ".jsonl");
}
fs::path Workspace::lock_file(std::string_view what) const {
  return root_ / "locks" / (std::string(what) + ".lock");
}
fs::path Workspace::image_file(const FileDigest& digest) const {
  return root_ / "images" / (digest.hex() + ".tar");
}
fs::path Workspace::download_file(const std::string& hex) const {
  return root_ / "images" / (hex + ".part");
}
fs::path Workspace::model_archive(const FileDigest& digest) const {
  return root_ / "models" / (digest.hex() + ".tar.gz");
}
fs::path Workspace::model_files(const FileDigest& digest) const {
  return root_ / "models" / digest.hex();
}
fs::path Workspace::gate_report(const FileDigest& digest) const {
  return root_ / "gate" / (digest.hex() + ".json");
}
fs::path Workspace::container_folder(ContainerId id) const {
  return root_ / "containers" / std::to_string(id.value);
}
fs::path Workspace::container_key(ContainerId id) const {
  return root_ / "keys" / "containers" / (std::to_string(id.value) + ".key");
}
fs::path Workspace::certificate_key(std::int64_t certificate) const {
  return root_ / "keys" / "certificates" / (std::to_string(certificate) + ".key");
}
fs::path Workspace::dataset_folder(DatasetId id) const {
  return root_ / "datasets" / std::to_string(id.value);
}
fs::path Workspace::run_folder(BenchmarkId benchmark, ModelId model, DatasetId dataset) const {
  return root_ / "runs" / fmt::format("{}-{}-{}", benchmark.value, model.value, dataset.value);
}
fs::path Workspace::shards_folder(const std::string& hex) const {
  return root_ / "shards" / hex;
}
fs::path Workspace::progress_file(std::string_view flow) const {
  return root_ / "progress" / (std::string(flow) + ".json");
}
fs::path Workspace::demo_folder(const std::string& hex) const {
  return root_ / "demo" / hex;
}
fs::path Workspace::review_file(const std::string& hex) const {
  return root_ / "reviews" / (hex + ".txt");
}

namespace {

Result<FileLock> unless_busy(Result<FileLock> held, std::string_view what) {
  if (held.ok() || held.error().kind != ErrorKind::kBusy) return held;
  return make_error(ErrorKind::kBusy, std::string(what), "another medperf command is working on it",
                    "wait until that command ends");
}

}  // namespace

Result<FileLock> Workspace::lock(std::string_view what) const {
  return unless_busy(FileLock::try_acquire(lock_file(what)), what);
}

Result<FileLock> Workspace::share(std::string_view what) const {
  return unless_busy(FileLock::try_share(lock_file(what)), what);
}

}  // namespace medperf::site
