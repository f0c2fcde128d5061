#pragma once
// Strong types: an id of one entity, a digest of one kind, a unit cannot be taken for
// another.

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf {

/// A database id on the hub: positive; 0 means "none".
template <typename Tag>
struct Id {
  std::int64_t value = 0;
  explicit operator bool() const { return value > 0; }
  auto operator<=>(const Id&) const = default;
};

using UserId = Id<struct UserTag>;
using ContainerId = Id<struct ContainerTag>;
using AssetId = Id<struct AssetTag>;
using ModelId = Id<struct ModelTag>;
using BenchmarkId = Id<struct BenchmarkTag>;
using DatasetId = Id<struct DatasetTag>;
using ResultId = Id<struct ResultTag>;
using AssociationId = Id<struct AssociationTag>;

/// A SHA-256 as 64 lower-case hex digits, of one kind only.
template <typename Tag>
class Digest {
 public:
  Digest() = default;
  /// Accepts 64 hex digits (upper case is lowered), with or without the prefix "sha256:".
  static Result<Digest> parse(std::string_view text);
  const std::string& hex() const { return hex_; }
  /// "sha256:<hex>"
  std::string prefixed() const { return "sha256:" + hex_; }
  bool empty() const { return hex_.empty(); }
  auto operator<=>(const Digest&) const = default;

 private:
  std::string hex_;
};

/// Checks and normalises the text of a SHA-256 (see Digest::parse).
Result<std::string> parse_sha256_hex(std::string_view text);

template <typename Tag>
Result<Digest<Tag>> Digest<Tag>::parse(std::string_view text) {
  MEDPERF_TRY(auto hex, parse_sha256_hex(text));
  Digest digest;
  digest.hex_ = std::move(hex);
  return digest;
}

using FileDigest = Digest<struct FileDigestTag>;          ///< of a file's bytes
using ManifestDigest = Digest<struct ManifestDigestTag>;  ///< of an OCI manifest
using ImageId = Digest<struct ImageIdTag>;                ///< of an OCI image config
using FolderUid = Digest<struct FolderUidTag>;            ///< v0 folder hash
using DatasetDigest = Digest<struct DatasetDigestTag>;    ///< names, sizes and contents
using StepKey = Digest<struct StepKeyTag>;                ///< of a flow step's inputs
using PolicyDigest = Digest<struct PolicyDigestTag>;      ///< of a site policy's bytes

struct Bytes {
  std::uint64_t value = 0;
  auto operator<=>(const Bytes&) const = default;
};
constexpr Bytes mebibytes(std::uint64_t n) {
  return {n << 20};
}
/// "37.6 MB" (decimal units, one digit).
std::string to_string(Bytes bytes);

using Seconds = std::chrono::duration<double>;

}  // namespace medperf
