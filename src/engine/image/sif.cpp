#include "engine/image/sif.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "engine/image/tar_stream.h"

namespace medperf::engine {
namespace {

constexpr std::size_t kHeader = 128, kDescriptor = 585, kMostDescriptors = 4096;
constexpr std::string_view kMagic("SIF_MAGIC\0", 10);
constexpr std::uint32_t kPartition = 0x4004, kSquashfs = 1, kEncrypted = 5, kPrimarySystem = 2;
constexpr std::string_view kSquashMagic = "hsqs";
constexpr std::size_t kSquashSuperblock = 96;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Error invalid(std::string what, std::string advice = "Build the image again with Apptainer") {
  return make_error(ErrorKind::kInvalid, "sif", std::move(what), std::move(advice));
}
Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, "sif", std::move(what),
                    "Fetch the file again; if it stays so, tell the owner of the image");
}
Error disk_error(const std::string& where, const std::string& what, int code) {
  const std::string cause = std::system_category().message(code);
  return make_error(ErrorKind::kUnavailable, printable(where, 300), what + ": " + cause,
                    "Check the disk of the engine's storage folder", cause);
}

bool read_at(const FileHandle& file, std::uint64_t offset, void* to, std::size_t size) {
  auto* out = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = ::pread(file.get(), out, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out += n;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

// The file's numbers are little-endian and stand at odd places.
template <typename Number>
Number number_at(const char* bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return static_cast<Number>(value);
}

std::string architecture_of(const char* code) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "",        "386",  "amd64",  "arm",    "arm64",    "ppc64",
      "ppc64le", "mips", "mipsle", "mips64", "mips64le", "s390x"};
  const std::string_view text(code, ::strnlen(code, 3));
  if (text.size() != 2 || text[0] < '0' || text[0] > '1' || text[1] < '0' || text[1] > '9')
    return "unknown";
  const auto index = static_cast<std::size_t>((text[0] - '0') * 10 + (text[1] - '0'));
  return index > 0 && index < kNames.size() ? std::string(kNames[index]) : "unknown";
}

struct Header {
  std::uint64_t size = 0;  // of the file
  std::int64_t table = 0, descriptors = 0;
};

Result<Header> read_header(const FileHandle& file) {
  struct stat status {};
  std::array<char, kHeader> bytes{};
  if (::fstat(file.get(), &status) != 0 || status.st_size < static_cast<off_t>(kHeader) ||
      !read_at(file, 0, bytes.data(), bytes.size())) {
    return corrupt("the file ends within its header");
  }
  if (std::string_view(bytes.data() + 32, kMagic.size()) != kMagic)
    return invalid("this is no SIF");
  if (std::string_view(bytes.data() + 42, 2) != "01")
    return invalid("its SIF version is '" + printable({bytes.data() + 42, 2}, 10) + "', not 01");
  Header header;
  header.size = static_cast<std::uint64_t>(status.st_size);
  header.descriptors = number_at<std::int64_t>(bytes.data(), 88);
  header.table = number_at<std::int64_t>(bytes.data(), 96);
  if (header.descriptors < 0 || header.descriptors > static_cast<std::int64_t>(kMostDescriptors)) {
    return make_error(ErrorKind::kTooLarge, "sif",
                      "its table says it has " + std::to_string(header.descriptors) +
                          " descriptors; at most " + std::to_string(kMostDescriptors) + " are read",
                      "Treat the file as hostile");
  }
  const auto table = static_cast<std::uint64_t>(header.descriptors) * kDescriptor;
  if (header.table < static_cast<std::int64_t>(kHeader) ||
      static_cast<std::uint64_t>(header.table) > header.size ||
      table > header.size - static_cast<std::uint64_t>(header.table)) {
    return corrupt("the table of descriptors leaves the file");
  }
  return header;
}

// The partition of a descriptor, or nothing when it describes something else.
Result<std::optional<SifPartition>> partition_of(const char* bytes, const Header& header) {
  if (bytes[4] == 0 || number_at<std::uint32_t>(bytes, 0) != kPartition)
    return std::optional<SifPartition>{};
  if (number_at<std::uint32_t>(bytes, 205) != kPrimarySystem) return std::optional<SifPartition>{};
  const auto system = number_at<std::uint32_t>(bytes, 201);
  if (system == kEncrypted)
    return invalid("the image is encrypted", "Ask the owner for an image that is not encrypted");
  if (system != kSquashfs) return invalid("its root is no squashfs");
  const auto offset = number_at<std::int64_t>(bytes, 17), size = number_at<std::int64_t>(bytes, 25);
  if (offset < static_cast<std::int64_t>(kHeader) ||
      size < static_cast<std::int64_t>(kSquashSuperblock) ||
      static_cast<std::uint64_t>(offset) > header.size ||
      static_cast<std::uint64_t>(size) > header.size - static_cast<std::uint64_t>(offset)) {
    return corrupt("the system partition leaves the file");
  }
  return std::optional<SifPartition>(SifPartition{static_cast<std::uint64_t>(offset),
                                                  static_cast<std::uint64_t>(size),
                                                  architecture_of(bytes + 209)});
}

struct FolderCloser {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

class Cleaner {
 public:
  explicit Cleaner(const TreeLimits& limits) : limits_(limits) {}
  Status clean(int folder, const std::string& path, std::size_t depth);
  const TreeCounts& counts() const { return counts_; }

 private:
  Status clean_entry(int folder, const std::string& name, const std::string& path,
                     std::size_t depth);
  TreeLimits limits_;
  TreeCounts counts_;
};

Status Cleaner::clean(int folder, const std::string& path, std::size_t depth) {
  if (depth > limits_.depth)
    return make_error(ErrorKind::kTooLarge, printable(path, 300), "the tree is too deep",
                      "Treat the image as hostile");
  // Before it is read: its maker may have left it unreadable, or to another user.
  if (::fchown(folder, ::geteuid(), ::getegid()) != 0 || ::fchmod(folder, 0755) != 0)
    return disk_error(path, "a folder of the image cannot be taken over", errno);
  const int copy = ::openat(folder, ".", kFolderFlags);
  const std::unique_ptr<DIR, FolderCloser> open(copy < 0 ? nullptr : ::fdopendir(copy));
  if (open == nullptr) return disk_error(path, "a folder of the image cannot be read", errno);
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    MEDPERF_CHECK(clean_entry(folder, name, path + "/" + name, depth));
  }
  return {};
}

Status Cleaner::clean_entry(int folder, const std::string& name, const std::string& path,
                            std::size_t depth) {
  if (++counts_.entries > limits_.entries)
    return make_error(ErrorKind::kTooLarge, "",
                      "the image has more than " + std::to_string(limits_.entries) + " entries",
                      "Ask the owner for a smaller image");
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return disk_error(path, "an entry of the image cannot be read", errno);
  if (S_ISDIR(status.st_mode)) {
    ++counts_.folders;
    // Opened for its path only, as it may not be readable yet.
    (void)!::fchmodat(folder, name.c_str(), 0755, 0);
    const FileHandle inner(::openat(folder, name.c_str(), kFolderFlags));
    if (!inner.is_open()) return disk_error(path, "a folder of the image cannot be opened", errno);
    return clean(inner.get(), path, depth + 1);
  }
  if (::fchownat(folder, name.c_str(), ::geteuid(), ::getegid(), AT_SYMLINK_NOFOLLOW) != 0)
    return disk_error(path, "an entry of the image cannot be taken over", errno);
  if (S_ISLNK(status.st_mode)) {
    ++counts_.links;
    return {};
  }
  if (S_ISREG(status.st_mode)) {
    ++counts_.files;
    counts_.bytes += static_cast<std::uint64_t>(status.st_size);
    const mode_t mode = (status.st_mode & 0111u) != 0 ? 0755 : 0644;
    if (::fchmodat(folder, name.c_str(), mode, 0) == 0) return {};
    return disk_error(path, "a file's mode cannot be set", errno);
  }
  ++counts_.special;
  if (::unlinkat(folder, name.c_str(), 0) == 0) return {};
  return disk_error(path, "a special file cannot be removed", errno);
}

}  // namespace

bool is_sif(const FileHandle& file) {
  std::array<char, 10> magic{};
  return read_at(file, 32, magic.data(), magic.size()) &&
         std::string_view(magic.data(), magic.size()) == kMagic;
}

Result<SifPartition> read_sif(const FileHandle& file) {
  MEDPERF_TRY(const Header header, read_header(file));
  std::optional<SifPartition> found;
  for (std::int64_t i = 0; i < header.descriptors; ++i) {
    std::array<char, kDescriptor> bytes{};
    const auto at =
        static_cast<std::uint64_t>(header.table) + static_cast<std::uint64_t>(i) * kDescriptor;
    if (!read_at(file, at, bytes.data(), bytes.size()))
      return corrupt("the file ends within its table of descriptors");
    MEDPERF_TRY(const auto partition, partition_of(bytes.data(), header));
    if (!partition) continue;
    if (found) return invalid("it has several primary system partitions");
    found = partition;
  }
  if (!found) return invalid("it has no primary system partition");
  std::array<char, 4> magic{};
  if (!read_at(file, found->offset, magic.data(), magic.size()) ||
      std::string_view(magic.data(), magic.size()) != kSquashMagic) {
    return corrupt("the system partition is no squashfs");
  }
  return *found;
}

Result<ImageArchive> read_sif_archive(const FileHandle& file, const ArchiveLimits& limits) {
  MEDPERF_TRY(const SifPartition partition, read_sif(file));
  if (partition.size > limits.unpacked.value)
    return make_error(ErrorKind::kTooLarge, "sif",
                      "the image is larger than " + to_string(limits.unpacked),
                      "Ask the owner for a smaller image");
  crypto::Sha256 whole, part;
  std::uint64_t at = 0;
  const std::uint64_t end = partition.offset + partition.size;
  for (const auto source = source_of(file);;) {
    MEDPERF_TRY(const std::string_view piece, source());
    if (piece.empty()) break;
    whole.update(piece);
    const std::uint64_t from = std::max(at, partition.offset);
    const std::uint64_t to = std::min(at + piece.size(), end);
    if (from < to)
      part.update(
          piece.substr(static_cast<std::size_t>(from - at), static_cast<std::size_t>(to - from)));
    at += piece.size();
  }
  if (at < end) return corrupt("the file became shorter while it was read");
  ImageArchive image;
  image.format = "sif";
  MEDPERF_TRY(image.image, ImageId::parse(whole.finish_hex()));
  MEDPERF_TRY(const auto digest, FileDigest::parse(part.finish_hex()));
  image.layers.push_back({digest, Bytes{partition.size}, partition.offset});
  image.architecture = partition.architecture;
  image.os = "linux";
  return image;
}

Status copy_file_system(const FileHandle& file, const ImageArchive& image, const fs::path& to) {
  const Layer& layer = image.layers.front();
  const FileHandle out(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!out.is_open() || ::fchmod(out.get(), 0644) != 0)
    return disk_error(to.native(), "the image cannot be copied here", errno);
  crypto::Sha256 hash;
  std::uint64_t left = layer.size.value;
  for (const auto source = source_of(file, layer.position); left > 0;) {
    MEDPERF_TRY(std::string_view piece, source());
    if (piece.empty()) return corrupt("the file became shorter while it was copied");
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size())));
    hash.update(piece);
    left -= piece.size();
    while (!piece.empty()) {
      const ssize_t n = ::write(out.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return disk_error(to.native(), "the image cannot be copied here", errno);
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  if (hash.finish_hex() == layer.diff_id.hex()) return {};
  return corrupt("the file changed while it was copied");
}

Result<TreeCounts> clean_tree(const fs::path& root, const TreeLimits& limits) {
  const FileHandle folder(::open(root.c_str(), kFolderFlags));
  if (!folder.is_open()) return disk_error(root.native(), "the image cannot be read", errno);
  Cleaner cleaner(limits);
  MEDPERF_CHECK(cleaner.clean(folder.get(), "", 0));
  return cleaner.counts();
}

Status judge_unsquashfs(int exit_code, std::string_view words) {
  constexpr std::string_view kDeviceLeftOut = "because you're not superuser!";
  std::string other;
  for (const auto line : split(words, '\n')) {
    if (!trim(line).empty() && !trim(line).ends_with(kDeviceLeftOut))
      other = std::string(trim(line));
  }
  if (exit_code == 0 || (exit_code == 2 && other.empty())) return {};
  return corrupt(
      "its file system cannot be unpacked: " +
      (other.empty() ? "exit code " + std::to_string(exit_code) : printable(other, 300)));
}

}  // namespace medperf::engine
