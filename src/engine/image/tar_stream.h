#pragma once
// Reading tar streams, also compressed ones, from any source of bytes. Only tar_stream.cpp knows
// libarchive.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace medperf::engine {

/// Gives the next piece of a stream; an empty piece is its end. The piece lives until the next
/// call.
using ByteSource = std::function<Result<std::string_view>()>;

/// Reads a descriptor from `offset` on with pread: its own offset is neither used nor moved.
ByteSource source_of(const FileHandle& file, std::uint64_t offset = 0);

enum class EntryKind { kFile, kFolder, kSymbolicLink, kHardLink, kDevice, kOther };

struct TarEntry {
  std::string path;  ///< as it stands in the archive; empty when it is no text
  EntryKind kind = EntryKind::kOther;
  std::uint64_t size = 0;
  unsigned mode = 0;  ///< permission bits with setuid, setgid, sticky
  bool sparse = false;
  std::string target;          ///< of a link, as it stands in the archive
  std::int64_t modified = 0;   ///< seconds since 1970
  std::uint64_t position = 0;  ///< of its header in the (unpacked) stream: reading can start there
};

/// Walks the entries of a tar stream. One thread.
class TarReader {
 public:
  /// `compressed`: gzip and zstd streams are unpacked on the way. Errors: invalid (no tar).
  static Result<TarReader> open(ByteSource source, bool compressed);
  /// The next entry, or nothing at the end. Errors: corrupt (truncated, bad header).
  Result<std::optional<TarEntry>> next();
  /// The next piece of the current entry's content; empty at its end.
  Result<std::string_view> read();
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Unpacks a gzip or zstd stream; other bytes pass unchanged. One thread.
class Unpacker {
 public:
  static Result<Unpacker> open(ByteSource source);
  /// The next unpacked piece; empty at the end. Errors: corrupt.
  Result<std::string_view> read();
  Unpacker(Unpacker&&) noexcept;
  Unpacker& operator=(Unpacker&&) noexcept;
  ~Unpacker();

 private:
  struct State;
  explicit Unpacker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace medperf::engine
