#include "site/dataset/hashes.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "crypto/sha256.h"
#include "crypto/sha256_files.h"

namespace medperf::site {
namespace {

constexpr std::string_view kVersion = "medperf/dataset-files/v1";
constexpr std::string_view kStampsVersion = "medperf/dataset-stamps/v1";
constexpr std::int64_t kNanosecondsPerMicrosecond = 1000;
/// How long a file must have been left alone before its stamp is trusted: well above the steps of
/// any file system's clock.
constexpr std::int64_t kSettledMicroseconds = 2'000'000;

/// A file to be hashed: where it is, and its place in the manifest.
struct Found {
  const DatasetRoot* root = nullptr;
  fs::path path;
  std::size_t place = 0;
};

Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::error_code failure;
  // v0 walks nothing for a path that is a file or is not there.
  if (!fs::is_directory(folder, failure)) return std::vector<fs::path>();
  return list_files(folder);
}

/// The manifest's entries by path, without hashes; `found` says where each file is.
Result<Manifest> list_dataset(const std::vector<DatasetRoot>& roots, std::vector<Found>& found) {
  Manifest manifest;
  for (const DatasetRoot& root : roots) {
    MEDPERF_TRY(std::vector<fs::path> paths, files_below(root.folder));
    for (fs::path& path : paths) {
      FileEntry entry;
      entry.path = root.name + "/" + path.generic_string();
      if (const auto stamp = FileStamp::of(root.folder / path)) entry.stamp = *stamp;
      found.push_back({&root, std::move(path), manifest.files.size()});
      manifest.files.push_back(std::move(entry));
    }
  }
  return manifest;
}

const FileEntry* find(const Manifest& manifest, std::string_view path) {
  const auto at = std::lower_bound(
      manifest.files.begin(), manifest.files.end(), path,
      [](const FileEntry& entry, std::string_view wanted) { return entry.path < wanted; });
  return at == manifest.files.end() || at->path != path ? nullptr : &*at;
}

/// Hashes files on several threads. Each entry is written by one thread.
class Hashing {
 public:
  Hashing(Manifest& manifest, const std::vector<Found>& files, const HashOptions& options)
      : manifest_(manifest), files_(files), options_(options) {
    for (const FileEntry& entry : manifest.files) all_ += entry.stamp.size;
  }

  Status run(unsigned threads) {
    threads_ = threads;
    std::vector<std::thread> helpers;
    for (unsigned i = 1; i < threads; ++i) helpers.emplace_back([this] { work(); });
    work();
    for (std::thread& helper : helpers) helper.join();
    if (!errors_.empty()) return errors_.begin()->second;
    if (options_.progress) options_.progress(Bytes{done_}, Bytes{all_});
    return {};
  }

 private:
  /// A file that is open while it is hashed.
  struct Open {
    FileHandle handle;
    std::size_t place = 0;
  };

  void work() {
    std::list<Open> open;
    crypto::digest_files([&](bool beside) { return next(beside, open); },
                         [&](const FileHandle* file, Result<FileDigest> digest) {
                           const auto at = std::find_if(open.begin(), open.end(), [&](auto& one) {
                             return &one.handle == file;
                           });
                           end(at->place, std::move(digest));
                           open.erase(at);
                         });
  }

  /// Opens the next file that must be read; null when there is none, or none to put beside another
  /// because each core can still have one of its own.
  const FileHandle* next(bool beside, std::list<Open>& open) {
    for (;;) {
      if (beside && next_ + threads_ >= files_.size()) return nullptr;
      const std::size_t number = next_.fetch_add(1);
      if (number >= files_.size() || failed_) return nullptr;
      const Found& file = files_[number];
      FileEntry& entry = manifest_.files[file.place];
      if (is_known(entry)) {
        note(file.place, {});
        continue;
      }
      auto handle = begin(file, entry);
      if (handle.ok()) {
        open.push_back({std::move(*handle), file.place});
        return &open.back().handle;
      }
      note(file.place, std::move(handle).error());
    }
  }

  bool is_known(FileEntry& entry) const {
    if (options_.known == nullptr) return false;
    const FileEntry* known = find(*options_.known, entry.path);
    if (known == nullptr) return false;
    if (known->stamp == entry.stamp) {
      entry.sha256 = known->sha256;
      return true;
    }
    return false;
  }

  static Result<FileHandle> begin(const Found& file, FileEntry& entry) {
    if (stop_requested())
      return make_error(ErrorKind::kInterrupted, entry.path, "stopped while the files were read");
    MEDPERF_TRY(FileHandle handle, open_beneath(file.root->folder, file.path));
    // Before the reading: a write during it moves the stamp away from this one.
    const auto stamp = FileStamp::of(handle);
    if (!stamp) return make_error(ErrorKind::kUnavailable, entry.path, "cannot be examined");
    entry.stamp = *stamp;
    return handle;
  }

  void end(std::size_t place, Result<FileDigest> digest) {
    FileEntry& entry = manifest_.files[place];
    if (digest.ok()) entry.sha256 = digest->hex();
    note(place,
         digest.ok() ? Status() : Status(std::move(digest).error().at(printable(entry.path, 500))));
  }

  void note(std::size_t place, const Status& status) {
    const std::lock_guard lock(mutex_);
    done_ += manifest_.files[place].stamp.size;
    if (!status.ok()) {
      failed_ = true;
      errors_.emplace(place, status.error());
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!options_.progress || now - told_ < std::chrono::seconds(1)) return;
    told_ = now;
    options_.progress(Bytes{done_}, Bytes{all_});
  }

  Manifest& manifest_;
  const std::vector<Found>& files_;
  const HashOptions& options_;
  std::uint64_t all_ = 0;
  unsigned threads_ = 1;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  std::map<std::size_t, Error> errors_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

template <typename Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

std::optional<FileEntry> read_stamp(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto digest = FileDigest::parse(line.substr(0, space));
  if (!digest.ok()) return std::nullopt;
  line.remove_prefix(space + 1);
  FileEntry entry;
  entry.sha256 = digest->hex();
  FileStamp& stamp = entry.stamp;
  if (!take_number(line, stamp.device) || !take_number(line, stamp.inode) ||
      !take_number(line, stamp.size) || !take_number(line, stamp.mtime_ns) ||
      !take_number(line, stamp.ctime_ns) || line.empty()) {
    return std::nullopt;
  }
  entry.path = std::string(line);
  return entry;
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
    hash.update(std::to_string(file.stamp.size));
    hash.update(std::string_view("\0", 1));
    hash.update(file.sha256);
    hash.update("\n");
  }
  return DatasetDigest::parse(hash.finish_hex()).value();
}

Result<Manifest> hash_dataset(const std::vector<DatasetRoot>& roots, const HashOptions& options) {
  std::vector<Found> found;
  MEDPERF_TRY(Manifest manifest, list_dataset(roots, found));
  // The largest first, so that no thread is left alone with one at the end.
  std::stable_sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    return manifest.files[a.place].stamp.size > manifest.files[b.place].stamp.size;
  });
  const unsigned wanted =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  const auto most = static_cast<unsigned>(std::clamp<std::size_t>(found.size(), 1, wanted));
  MEDPERF_CHECK(Hashing(manifest, found, options).run(most));
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
  return manifest;
}

Manifest stamped_before(const Manifest& manifest, Timestamp hashing_began) {
  const std::int64_t settled =
      (hashing_began.microseconds - kSettledMicroseconds) * kNanosecondsPerMicrosecond;
  Manifest out;
  for (const FileEntry& entry : manifest.files) {
    if (entry.stamp.ctime_ns < settled && entry.stamp.mtime_ns < settled)
      out.files.push_back(entry);
  }
  return out;
}

Result<bool> looks_unchanged(const Manifest& manifest, const std::vector<DatasetRoot>& roots) {
  std::vector<Found> found;
  MEDPERF_TRY(const Manifest now, list_dataset(roots, found));
  if (now.files.size() != manifest.files.size()) return false;
  return std::all_of(now.files.begin(), now.files.end(), [&](const FileEntry& entry) {
    const FileEntry* known = find(manifest, entry.path);
    return known != nullptr && known->stamp == entry.stamp;
  });
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
                                  {"size", static_cast<std::int64_t>(file.stamp.size)},
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
    entry.stamp.size = static_cast<std::uint64_t>(item.get_int("size"));
    entry.sha256 = item.get_string("sha256");
    manifest.files.push_back(std::move(entry));
  }
  return manifest;
}

std::string stamps_text(const Manifest& manifest) {
  std::string out(kStampsVersion);
  out += '\n';
  for (const FileEntry& entry : manifest.files) {
    if (entry.path.find('\n') != std::string::npos) continue;  // it will be read again
    out +=
        fmt::format("{} {} {} {} {} {} {}\n", entry.sha256, entry.stamp.device, entry.stamp.inode,
                    entry.stamp.size, entry.stamp.mtime_ns, entry.stamp.ctime_ns, entry.path);
  }
  return out;
}

Manifest manifest_from_stamps(std::string_view text) {
  const auto lines = split(text, '\n');
  Manifest manifest;
  if (lines.front() != kStampsVersion) return {};
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    auto entry = read_stamp(lines[i]);
    if (!entry) return {};
    manifest.files.push_back(std::move(*entry));
  }
  if (!std::is_sorted(manifest.files.begin(), manifest.files.end(),
                      [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; })) {
    return {};
  }
  return manifest;
}

}  // namespace medperf::site
