#include "site/sealed/encrypt_archive.h"

#include <fcntl.h>
#include <unistd.h>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "site/flows/own_files.h"

namespace medperf::site {
namespace {

constexpr std::size_t kKeyBytes = 32;

Status make_key(const fs::path& key) {
  const crypto::Secret text(crypto::random_hex(kKeyBytes) + "\n");
  return crypto::write_new_key_file(key, text.text());
}

/// Removed unless it became whole.
struct Part {
  fs::path path;
  bool whole = false;
  ~Part() {
    if (!whole) ::unlink(path.c_str());
  }
};

}  // namespace

Result<EncryptedArchive> encrypt_archive(Site& site, const fs::path& archive, const fs::path& out,
                                         const fs::path& key) {
  MEDPERF_TRY(const OwnArchive own, read_own_archive(archive));
  EncryptedArchive done;
  done.image = own.image.image;
  done.new_key = !fs::exists(key);
  if (done.new_key) MEDPERF_CHECK(make_key(key));
  MEDPERF_TRY(std::string text, crypto::read_key_file(key));
  const crypto::Secret secret(std::move(text));
  MEDPERF_TRY(const FileHandle plain, open_file(archive));
  const FileHandle sealed(
      ::open(out.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!sealed.is_open()) {
    const bool there = errno == EEXIST;
    return make_error(there ? ErrorKind::kConflict : ErrorKind::kUnavailable, out.string(),
                      there ? "this file exists already" : "this file cannot be made",
                      "name another file with --out");
  }
  Part part{out};
  MEDPERF_CHECK(engine::seal(plain, secret, sealed, site.sealed_setup()));
  if (::fsync(sealed.get()) != 0)
    return make_error(ErrorKind::kUnavailable, out.string(), "the disk does not keep this file");
  MEDPERF_TRY(done.digest, crypto::digest_file(sealed));
  part.whole = true;
  return done;
}

}  // namespace medperf::site
