#include "crypto/sha256_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "crypto/sha256_blocks.h"

namespace medperf::crypto {
namespace {

// What was just copied is still in the core's own cache when it is hashed.
constexpr std::size_t kReadSize = std::size_t{1} << 16;
constexpr std::size_t kLengthSize = 8;  // of the number of bits at a message's end

/// One file under way.
class FileMessage {
 public:
  bool busy() const { return file_ != nullptr; }
  const FileHandle* file() const { return file_; }
  std::uint64_t begun() const { return begun_; }  ///< files so far

  void begin(const FileHandle* file) {
    file_ = file;
    ++begun_;
    state_ = Sha256State();
    offset_ = 0;
    at_ = filled_ = 0;
    ended_ = false;
    ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  /// Reads on when no whole block is left; an error number, or 0.
  int fill() {
    if (ended_ || filled_ - at_ >= kSha256Block) return 0;
    // A rest smaller than a block is there at the end alone: each reading fills the buffer.
    at_ = filled_ = 0;
    while (filled_ < kReadSize) {
      const ssize_t count = ::pread(file_->get(), buffer_.data() + filled_, kReadSize - filled_,
                                    static_cast<off_t>(offset_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno;
      if (count == 0) {
        ended_ = true;
        break;
      }
      filled_ += static_cast<std::size_t>(count);
      offset_ += static_cast<std::uint64_t>(count);
    }
    return 0;
  }

  std::size_t blocks() const { return (filled_ - at_) / kSha256Block; }
  const unsigned char* data() const { return buffer_.data() + at_; }
  Sha256State& state() { return state_; }
  void advance(std::size_t blocks) { at_ += blocks * kSha256Block; }
  bool at_end() const { return ended_ && blocks() == 0; }

  /// Pads the message (FIPS 180-4, section 5.1.1) and frees the place.
  Result<FileDigest> finish() {
    std::array<unsigned char, 2 * kSha256Block> tail{};
    const std::size_t rest = filled_ - at_;
    std::memcpy(tail.data(), data(), rest);
    tail[rest] = 0x80;
    const std::size_t size = rest + 1 + kLengthSize <= kSha256Block ? kSha256Block : tail.size();
    const std::uint64_t bits = offset_ * 8;
    for (std::size_t i = 0; i < kLengthSize; ++i)
      tail[size - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
    sha256_blocks(state_, tail.data(), size / kSha256Block);
    std::array<unsigned char, 32> digest{};
    state_.write(digest.data());
    file_ = nullptr;
    return FileDigest::parse(to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  }

  Error fail(int number) {
    file_ = nullptr;
    const std::string cause = std::system_category().message(number);
    return make_error(ErrorKind::kUnavailable, "", "Cannot read the file to be hashed: " + cause,
                      "Check the disk.", cause);
  }

 private:
  const FileHandle* file_ = nullptr;
  Sha256State state_;
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(kReadSize);
  std::uint64_t begun_ = 0;
  std::uint64_t offset_ = 0;
  std::size_t at_ = 0, filled_ = 0;
  bool ended_ = false;
};

/// Fills the place with files until one has a block to hash; false when there is none.
bool make_ready(FileMessage& place, bool beside, const NextFile& next, const FileDone& done) {
  for (;;) {
    if (!place.busy()) {
      const FileHandle* file = next(beside);
      if (file == nullptr) return false;
      place.begin(file);
    }
    const FileHandle* file = place.file();
    if (const int failure = place.fill(); failure != 0) {
      done(file, place.fail(failure));
    } else if (place.at_end()) {
      done(file, place.finish());
    } else {
      return true;
    }
  }
}

}  // namespace

void digest_files(const NextFile& next, const FileDone& done) {
  if (!has_sha256_blocks()) {
    while (const FileHandle* file = next(false)) done(file, digest_file(*file));
    return;
  }
  std::array<FileMessage, 2> places;
  auto* first = &places[0];
  auto* second = &places[1];
  bool ask = true;  // whether there may be a file to put beside
  for (;;) {
    const std::uint64_t before = first->begun();
    if (!make_ready(*first, second->busy(), next, done)) {
      if (!second->busy()) return;
      std::swap(first, second);
      ask = false;
      continue;
    }
    ask = ask || first->begun() != before;
    if ((second->busy() || ask) && !make_ready(*second, true, next, done)) ask = false;
    if (!second->busy()) {
      sha256_blocks(first->state(), first->data(), first->blocks());
      first->advance(first->blocks());
      continue;
    }
    const std::size_t blocks = std::min(first->blocks(), second->blocks());
    sha256_blocks(first->state(), first->data(), second->state(), second->data(), blocks);
    first->advance(blocks);
    second->advance(blocks);
  }
}

}  // namespace medperf::crypto
