#include "engine/image/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

struct ArchiveCloser {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

// What both readers share: the source, the libarchive reader above it, and the source's own error,
// which libarchive cannot carry and which says more than its message.
struct Stream {
  explicit Stream(ByteSource from) : source(std::move(from)), reader(archive_read_new()) {}

  ByteSource source;
  std::optional<Error> source_error;
  std::unique_ptr<archive, ArchiveCloser> reader;
  std::int64_t position = 0;  // in the current entry

  Status open();
  Error failure(const char* doing);
  Result<std::string_view> read_block();
};

la_ssize_t pull(archive* reader, void* client, const void** buffer) {
  auto& stream = *static_cast<Stream*>(client);
  auto piece = stream.source();
  if (!piece.ok()) {
    stream.source_error = std::move(piece).error();
    archive_set_error(reader, EIO, "source failed");
    return ARCHIVE_FATAL;
  }
  *buffer = piece->data();
  return static_cast<la_ssize_t>(piece->size());
}

Error Stream::failure(const char* doing) {
  if (source_error) return *source_error;
  const char* text = archive_error_string(reader.get());
  return make_error(ErrorKind::kCorrupt, "",
                    std::string(doing) + ": " + printable(text ? text : "unknown error", 200),
                    "Fetch or save the archive again");
}

Status Stream::open() {
  if (archive_read_open(reader.get(), this, nullptr, pull, nullptr) == ARCHIVE_OK) return {};
  return failure("the stream cannot be opened");
}

// Skips empty blocks: an empty piece means the end here, a block of no bytes means nothing to
// libarchive.
Result<std::string_view> Stream::read_block() {
  while (true) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return std::string_view{};
    if (status < ARCHIVE_WARN) return failure("the content cannot be read");
    if (size == 0) continue;
    if (offset != position) {
      return make_error(ErrorKind::kInvalid, "", "an entry has holes (sparse file)",
                        "Save the archive again");
    }
    position += static_cast<std::int64_t>(size);
    return std::string_view(static_cast<const char*>(data), size);
  }
}

EntryKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return EntryKind::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryKind::kFile;
    case AE_IFDIR:
      return EntryKind::kFolder;
    case AE_IFLNK:
      return EntryKind::kSymbolicLink;
    case AE_IFCHR:
    case AE_IFBLK:
      return EntryKind::kDevice;
    default:
      return EntryKind::kOther;
  }
}

}  // namespace

ByteSource source_of(const FileHandle& file, std::uint64_t offset) {
  struct Position {
    std::string buffer = std::string(256u << 10, '\0');
    off_t offset = 0;
  };
  auto position = std::make_shared<Position>();
  position->offset = static_cast<off_t>(offset);
  return [fd = file.get(), position]() -> Result<std::string_view> {
    while (true) {
      const ssize_t n =
          ::pread(fd, position->buffer.data(), position->buffer.size(), position->offset);
      if (n >= 0) {
        position->offset += n;
        return std::string_view(position->buffer.data(), static_cast<std::size_t>(n));
      }
      if (errno != EINTR) {
        return make_error(ErrorKind::kUnavailable, "",
                          std::string("the archive cannot be read: ") + std::strerror(errno));
      }
    }
  };
}

struct TarReader::State : Stream {
  using Stream::Stream;
};
struct Unpacker::State : Stream {
  using Stream::Stream;
  bool empty = false;
};

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<TarReader> TarReader::open(ByteSource source, bool compressed) {
  auto state = std::make_unique<State>(std::move(source));
  archive* reader = state->reader.get();
  if (compressed) {
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
  }
  archive_read_support_format_tar(reader);
  MEDPERF_CHECK(state->open());
  return TarReader(std::move(state));
}

Result<std::optional<TarEntry>> TarReader::next() {
  archive_entry* raw = nullptr;
  const int status = archive_read_next_header(state_->reader.get(), &raw);
  if (status == ARCHIVE_EOF) return std::optional<TarEntry>{};
  if (status < ARCHIVE_WARN) return state_->failure("the tar archive cannot be read");
  state_->position = 0;
  TarEntry entry;
  const char* path = archive_entry_pathname(raw);
  if (path == nullptr) path = archive_entry_pathname_utf8(raw);
  if (path != nullptr) entry.path = path;
  entry.kind = kind_of(raw);
  entry.size =
      archive_entry_size(raw) > 0 ? static_cast<std::uint64_t>(archive_entry_size(raw)) : 0;
  entry.mode = static_cast<unsigned>(archive_entry_perm(raw));
  entry.sparse = archive_entry_sparse_count(raw) > 0;
  if (const char* target = archive_entry_hardlink(raw); target != nullptr) {
    entry.target = target;
  } else if (const char* link = archive_entry_symlink(raw); link != nullptr) {
    entry.target = link;
  }
  entry.modified = archive_entry_mtime(raw);
  entry.position = static_cast<std::uint64_t>(archive_read_header_position(state_->reader.get()));
  return std::optional<TarEntry>(std::move(entry));
}

Result<std::string_view> TarReader::read() {
  return state_->read_block();
}

Unpacker::Unpacker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;
Unpacker::~Unpacker() = default;

Result<Unpacker> Unpacker::open(ByteSource source) {
  auto state = std::make_unique<State>(std::move(source));
  archive* reader = state->reader.get();
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_raw(reader);
  archive_read_support_format_empty(reader);
  MEDPERF_CHECK(state->open());
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader, &entry);
  if (status == ARCHIVE_EOF) {
    state->empty = true;
  } else if (status < ARCHIVE_WARN) {
    return state->failure("the packed stream cannot be read");
  }
  return Unpacker(std::move(state));
}

Result<std::string_view> Unpacker::read() {
  if (state_->empty) return std::string_view{};
  return state_->read_block();
}

}  // namespace medperf::engine
