#pragma once
// SHA-256 (FIPS 180-4) through OpenSSL's EVP, which uses SHA-NI where the CPU has it.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/ids.h"

namespace medperf::crypto {

/// Streaming SHA-256. One object, one message, one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  /// The 64 hex digits; call once.
  std::string finish_hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);
/// Typed digest of bytes in memory, e.g. digest_of<FileDigest>(text).
template <typename D>
D digest_of(std::string_view bytes) {
  return D::parse(sha256_hex(bytes)).value();
}
/// Digest of an open descriptor from offset 0 to its end; the caller's check and use share the
/// descriptor.
Result<FileDigest> digest_file(const FileHandle& file);
/// Opens (no final symbolic link) and digests.
Result<FileDigest> digest_file(const fs::path& path);

}  // namespace medperf::crypto
