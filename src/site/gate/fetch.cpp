#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include "crypto/sha256.h"
#include "site/gate/gate.h"

namespace medperf::site {
namespace {

Result<FileHandle> open_plain(const fs::path& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (handle.is_open()) return handle;
  const ErrorKind kind = errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
  return make_error(kind, path.string(), "the file cannot be opened");
}

/// The open file when `path` is there and holds exactly these bytes; a closed handle when not.
Result<FileHandle> open_verified(const fs::path& path, const FileDigest& digest) {
  auto handle = open_plain(path);
  if (!handle.ok()) {
    if (handle.error().kind == ErrorKind::kNotFound) return FileHandle();
    return handle;
  }
  MEDPERF_TRY(FileDigest found, crypto::digest_file(*handle));
  if (found != digest) return FileHandle();
  return handle;
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

}  // namespace

Result<std::string> download_url(const std::string& reference) {
  std::string url = reference.starts_with("direct:") ? reference.substr(7) : reference;
  if (url.starts_with("https://") || url.starts_with("http://")) return url;
  return make_error(ErrorKind::kInvalid, reference, "is no download reference this client knows",
                    "use an https address");
}

Result<FileHandle> fetch_verified(Site& site, const std::string& reference,
                                  const FileDigest& digest, const fs::path& target, Bytes limit) {
  MEDPERF_TRY(FileHandle there, open_verified(target, digest));
  if (there.is_open()) return there;
  remove_quietly(target);
  MEDPERF_TRY(std::string url, download_url(reference));
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_CHECK(check_download(*policy, url));
  const fs::path part = site.workspace().download_file(digest.hex());
  site.tell("fetching " + url);
  auto outcome = site.fetch(url, {}, part, limit);
  if (!outcome.ok()) {
    Error error = std::move(outcome).error();
    if (error.kind == ErrorKind::kNotFound) {
      error.what = "the owner's server has no such file";
      error.advice = "ask the owner to serve the file again";
    }
    auto free = free_space(site.workspace().root());
    if (error.kind != ErrorKind::kInterrupted && free.ok() && *free < mebibytes(1)) {
      error.kind = ErrorKind::kUnavailable;
      error.what = "the disk is full: the file does not fit";
      error.advice = "free space and run the command again; the download goes on where it stopped";
    }
    return error.where.empty() ? std::move(error).at(url) : error;
  }
  MEDPERF_TRY(FileHandle handle, open_plain(part));
  MEDPERF_TRY(FileDigest found, crypto::digest_file(handle));
  if (found != digest) {
    remove_quietly(part);
    remove_quietly(fs::path(part.string() + ".resume"));
    MEDPERF_CHECK(site.record("refusal", Json::object({{"what", "download"},
                                                       {"url", url},
                                                       {"registered", digest.prefixed()},
                                                       {"received", found.prefixed()}})));
    return make_error(ErrorKind::kCorrupt, url,
                      fmt::format("the file is not the registered one: its SHA-256 is {}, "
                                  "registered is {}",
                                  found.hex(), digest.hex()),
                      "ask the owner which file is right; nothing of it was run");
  }
  if (::fsync(handle.get()) != 0 || ::rename(part.c_str(), target.c_str()) != 0) {
    return make_error(ErrorKind::kUnavailable, target.string(), "the file cannot be put in place",
                      "check the disk");
  }
  remove_quietly(fs::path(part.string() + ".resume"));
  site.tell(fmt::format("received {} of {}{}, digest verified",
                        medperf::to_string(outcome->received), medperf::to_string(outcome->size),
                        outcome->resumed ? " (resumed)" : ""));
  MEDPERF_CHECK(site.record(
      "request", Json::object({{"what", "download"},
                               {"url", url},
                               {"sha256", digest.hex()},
                               {"bytes", static_cast<std::int64_t>(outcome->received.value)}})));
  return handle;
}

}  // namespace medperf::site
