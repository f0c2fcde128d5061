#include "engine/image/unpack.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/sha256.h"

namespace medperf::engine {
namespace {

constexpr std::string_view kPart = "part-";

Error disk_error(const fs::path& where, const std::string& what, int code) {
  const std::string cause = std::system_category().message(code);
  return make_error(ErrorKind::kUnavailable, where.native(), what + ": " + cause,
                    "Check the free space and the rights of the engine's storage folder", cause);
}

Error changed(const std::string& what) {
  return make_error(ErrorKind::kCorrupt, "", what,
                    "The archive changed while it was unpacked; fetch it again");
}

// Hashes what passes, and lets no more pass than was verified before.
class CheckedStream {
 public:
  CheckedStream(Unpacker& unpacker, const Layer& layer) : unpacker_(unpacker), layer_(layer) {}
  Result<std::string_view> read() {
    MEDPERF_TRY(const std::string_view piece, unpacker_.read());
    seen_ += piece.size();
    if (seen_ > layer_.size.value) return changed("the layer is longer than it was when checked");
    hash_.update(piece);
    return piece;
  }
  // Bytes after the end mark count for the digest too.
  Status finish() {
    while (true) {
      MEDPERF_TRY(const std::string_view piece, read());
      if (piece.empty()) break;
    }
    const std::string digest = hash_.finish_hex();
    if (digest == layer_.diff_id.hex()) return {};
    return changed("the layer that was unpacked has SHA-256 " + digest + ", wanted is " +
                   layer_.diff_id.hex());
  }

 private:
  Unpacker& unpacker_;
  const Layer& layer_;
  crypto::Sha256 hash_;
  std::uint64_t seen_ = 0;
};

bool alive(std::string_view pid_text) {
  int pid = 0;
  std::from_chars(pid_text.data(), pid_text.data() + pid_text.size(), pid);
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Status unpack_layer(TreeWriter& tree, const ByteSource& source, const Layer& layer) {
  MEDPERF_TRY(auto unpacker, Unpacker::open(source));
  CheckedStream stream(unpacker, layer);
  tree.begin_layer();
  {
    MEDPERF_TRY(auto tar, TarReader::open([&] { return stream.read(); }, false));
    const ByteSource content = [&] { return tar.read(); };
    while (true) {
      MEDPERF_TRY(const auto entry, tar.next());
      if (!entry) break;
      MEDPERF_CHECK(tree.add(*entry, content));
    }
  }
  return stream.finish();
}

Result<TreeCounts> unpack_image(const FileHandle& archive, const ImageArchive& image,
                                const fs::path& root, const TreeLimits& limits) {
  MEDPERF_TRY(auto tree, TreeWriter::open(root, limits));
  std::size_t number = 0;
  for (const auto& layer : image.layers) {
    const auto place = "layer " + std::to_string(++number);
    auto outer = TarReader::open(source_of(archive, layer.position), false);
    if (!outer.ok()) return std::move(outer).error().at(place);
    MEDPERF_TRY(const auto entry, outer->next());
    if (!entry || entry->kind != EntryKind::kFile)
      return changed("the layer is not where it was when checked").at(place);
    const auto done = unpack_layer(
        tree, [&] { return outer->read(); }, layer);
    if (!done.ok()) return Error(done.error()).at(place);
  }
  return tree.counts();
}

Result<FileHandle> plain_archive(FileHandle archive, const fs::path& folder,
                                 const ArchiveLimits& limits) {
  std::array<unsigned char, 4> magic{};
  const bool read =
      ::pread(archive.get(), magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size());
  const bool gzip = read && magic[0] == 0x1f && magic[1] == 0x8b;
  const bool zstd = read && magic == std::array<unsigned char, 4>{0x28, 0xb5, 0x2f, 0xfd};
  if (!gzip && !zstd) return archive;
  FileHandle plain(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!plain.is_open()) return disk_error(folder, "the archive cannot be unpacked here", errno);
  MEDPERF_TRY(auto unpacker, Unpacker::open(source_of(archive)));
  for (std::uint64_t total = 0;;) {
    MEDPERF_TRY(std::string_view piece, unpacker.read());
    if (piece.empty()) return plain;
    total += piece.size();
    if (total > limits.unpacked.value) {
      return make_error(ErrorKind::kTooLarge, "",
                        "the archive unpacks to more than " + to_string(limits.unpacked),
                        "Ask the owner for a smaller image");
    }
    while (!piece.empty()) {
      const ssize_t n = ::write(plain.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return disk_error(folder, "the archive cannot be unpacked here", errno);
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
  }
}

Result<StagedFolder> StagedFolder::make(const fs::path& beside) {
  MEDPERF_CHECK(make_private_folder(beside));
  std::string name = (beside / fmt::format("{}{}-XXXXXX", kPart, ::getpid())).native();
  if (::mkdtemp(name.data()) == nullptr)
    return disk_error(beside, "no folder can be made here", errno);
  StagedFolder staged{fs::path(name)};
  const fs::path root = staged.path_ / "root";
  if (::mkdir(root.c_str(), 0755) != 0 || ::chmod(root.c_str(), 0755) != 0)
    return disk_error(root, "this folder cannot be made", errno);
  return staged;
}

StagedFolder::~StagedFolder() {
  if (!path_.empty()) (void)remove_tree(path_).ok();
}

Status StagedFolder::commit(const fs::path& place) {
  const FileHandle folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One sync of the file system: a sync of each of an image's files would take minutes.
  if (!folder.is_open() || ::syncfs(folder.get()) != 0)
    return disk_error(path_, "the unpacked image cannot be synced", errno);
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST)
      return make_error(ErrorKind::kConflict, place.native(), "it is there already");
    return disk_error(place, "the unpacked image cannot be put in its place", errno);
  }
  path_.clear();
  const FileHandle parent(::open(place.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.is_open() || ::fsync(parent.get()) != 0)
    return disk_error(place, "its folder cannot be synced", errno);
  return {};
}

void remove_dead_parts(const fs::path& beside) {
  std::error_code error;
  for (fs::directory_iterator entry(beside, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    if (!name.starts_with(kPart)) continue;
    const std::string_view rest = std::string_view(name).substr(kPart.size());
    if (!alive(rest.substr(0, rest.find('-')))) (void)remove_tree(entry->path()).ok();
  }
}

}  // namespace medperf::engine
