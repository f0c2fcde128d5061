#include "crypto/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "base/encoding.h"

namespace medperf::crypto {
namespace {

// What was just copied is still in the core's own cache when it is hashed.
constexpr std::size_t kReadSize = std::size_t{1} << 16;

/// Fetched once: looking the algorithm up costs more than hashing a short text.
const EVP_MD* sha256_method() {
  static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (method == nullptr) throw std::runtime_error("OpenSSL has no SHA-256");
  return method;
}

void require(int outcome) {
  if (outcome != 1) throw std::runtime_error("OpenSSL could not compute a SHA-256");
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  Context() {
    if (state == nullptr) throw std::bad_alloc();
    require(EVP_DigestInit_ex(state, sha256_method(), nullptr));
  }
  ~Context() { EVP_MD_CTX_free(state); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()));
}

std::string Sha256::finish_hex() {
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  require(EVP_DigestFinal_ex(context_->state, digest.data(), &length));
  return to_hex({reinterpret_cast<const char*>(digest.data()), length});
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish_hex();
}

Result<FileDigest> digest_file(const FileHandle& file) {
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  Sha256 hash;
  std::vector<char> buffer(kReadSize);
  off_t offset = 0;
  for (;;) {
    const ssize_t count = ::pread(file.get(), buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string cause = std::system_category().message(errno);
      return make_error(ErrorKind::kUnavailable, "", "Cannot read the file to be hashed: " + cause,
                        "Check the disk.", cause);
    }
    if (count == 0) break;
    hash.update({buffer.data(), static_cast<std::size_t>(count)});
    offset += count;
  }
  return FileDigest::parse(hash.finish_hex());
}

Result<FileDigest> digest_file(const fs::path& path) {
  MEDPERF_TRY(const FileHandle file, open_file(path));
  auto digest = digest_file(file);
  if (!digest.ok()) return std::move(digest).error().at(printable(path.native(), 500));
  return digest;
}

}  // namespace medperf::crypto
