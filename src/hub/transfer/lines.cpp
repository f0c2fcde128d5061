#include "hub/transfer/lines.h"

#include <unistd.h>

#include <cerrno>

namespace medperf::hub {

namespace {

constexpr std::size_t kPiece = 1U << 20U;

}  // namespace

Result<std::optional<std::string>> LineSource::next() {
  for (;;) {
    const auto end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = searched_ = end + 1;
      return std::optional(std::move(line));
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched_ = buffer_.size();
    if (buffer_.size() > kLineLimit.value) {
      return make_error(ErrorKind::kCorrupt, "", "a line is too long");
    }
    MEDPERF_TRY(const bool more, fill());
    if (more) continue;
    if (buffer_.empty()) return std::optional<std::string>();
    return make_error(ErrorKind::kCorrupt, "", "the file ends inside a line: it was cut off");
  }
}

Result<bool> LineSource::fill() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kPiece);
  ssize_t got = -1;
  do {
    got = ::read(file_.get(), buffer_.data() + before, kPiece);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
  if (got < 0) return make_error(ErrorKind::kUnavailable, "", "the file cannot be read");
  return got > 0;
}

}  // namespace medperf::hub
