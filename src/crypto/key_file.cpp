#include "crypto/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/encoding.h"
#include "crypto/random.h"

namespace medperf::crypto {
namespace {

constexpr Bytes kKeyFileLimit{1U << 16};

}  // namespace

Result<std::string> read_key_file(const fs::path& path) {
  const std::string name = printable(path.native(), 500);
  MEDPERF_TRY(const FileHandle file, open_file(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || (info.st_mode & 077) != 0) {
    return make_error(ErrorKind::kRefused, name, "Others than its owner may use this secret key",
                      "Run: chmod 600 on this file, and consider the key known to others.");
  }
  return read_all(file, kKeyFileLimit, name);
}

Status write_new_key_file(const fs::path& path, std::string_view content) {
  // Written beside and linked into place: link, unlike rename, never replaces a key.
  const fs::path temporary = path.native() + "." + random_hex() + ".part";
  MEDPERF_CHECK(write_file_atomically(temporary, content, FileMode::kPrivate));
  const int outcome = ::link(temporary.c_str(), path.c_str());
  const int code = errno;
  ::unlink(temporary.c_str());
  const std::string name = printable(path.native(), 500);
  if (outcome != 0 && code == EEXIST) {
    return make_error(ErrorKind::kConflict, name, "There is a key already",
                      "Keep it: what it signed can be checked only with it.");
  }
  if (outcome != 0) {
    const std::string cause = std::system_category().message(code);
    return make_error(ErrorKind::kUnavailable, name, "Cannot write the key: " + cause,
                      "Check the folder and the disk.", cause);
  }
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const FileHandle folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) {
    return make_error(ErrorKind::kUnavailable, name, "Cannot make sure that the key is on the disk",
                      "Check the disk.");
  }
  return {};
}

void wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace medperf::crypto
