// Downloads that go on where they stopped (RFC 9110 section 14: Range, If-Range, Content-Range).

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "base/json.h"
#include "net/http_transfer.h"

namespace medperf::net {
namespace {

constexpr std::string_view kNoteFormat = "medperf/resume/v1";

/// What the server said about the file whose first bytes are here.
struct Note {
  std::string url;        ///< plain
  std::string validator;  ///< a strong ETag, else a Last-Modified date
};

fs::path note_path(const fs::path& target) {
  return fs::path(target.string() + ".resume");
}

Note read_note(const fs::path& target) {
  auto text = read_file(note_path(target), Bytes{16U << 10U});
  if (!text.ok()) return {};
  auto json = parse_json(*text);
  if (!json.ok() || json->get_string("format") != kNoteFormat) return {};
  return {json->get_string("url"), json->get_string("validator")};
}

Status write_note(const fs::path& target, const Note& note) {
  const Json json =
      Json::object({{"format", kNoteFormat}, {"url", note.url}, {"validator", note.validator}});
  return write_file_atomically(note_path(target), to_text(json) + "\n");
}

/// Empty when the server gives nothing that If-Range may use.
std::string validator_of(const Headers& headers) {
  const auto etag = headers.find("etag");
  if (etag != headers.end() && etag->second.starts_with('"')) return etag->second;
  const auto modified = headers.find("last-modified");
  return modified == headers.end() ? std::string() : modified->second;
}

std::uint64_t to_number(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

struct ContentRange {
  bool valid = false;
  std::uint64_t first = 0;
  std::uint64_t total = 0;  ///< 0: unknown
};

/// "bytes 5-9/10", "bytes 5-9/*", "bytes */10".
ContentRange parse_content_range(const Headers& headers) {
  const auto found = headers.find("content-range");
  if (found == headers.end()) return {};
  std::string_view text = found->second;
  const std::size_t slash = text.find('/');
  if (!text.starts_with("bytes ") || slash == std::string_view::npos) return {};
  return {true, to_number(text.substr(6)), to_number(text.substr(slash + 1))};
}

/// One request of a download and the file it writes to.
class Download {
 public:
  Download(std::string url, fs::path target, Bytes limit, const Progress& progress,
           const Headers& headers)
      : url_(std::move(url)),
        target_(std::move(target)),
        limit_(limit),
        progress_(progress),
        headers_(headers) {}

  Status open();
  /// Sends one request. Sets again() when it must be repeated from the beginning.
  Status request(HttpClient::State& state);
  bool again() const { return again_; }
  DownloadOutcome outcome() const {
    return {Bytes{received_}, Bytes{offset_ + received_}, resumed_};
  }
  Status sync() const;

 private:
  void on_head(int status, const Headers& headers);
  bool on_body(std::string_view piece);
  Status begin_anew(const Headers& headers);
  Status judge(const Outcome& outcome);
  Error disk_error(int code) const;
  Error too_large() const;

  const std::string url_;
  const fs::path target_;
  const Bytes limit_;
  const Progress& progress_;
  const Headers& headers_;
  FileHandle file_;
  std::string validator_;     ///< of the bytes that are here; empty: begin anew
  std::uint64_t offset_ = 0;  ///< bytes here before this request
  std::uint64_t received_ = 0;
  bool accepted_ = false;  ///< the body that comes belongs into the file
  bool resumed_ = false;
  bool again_ = false;
  Status failure_;  ///< of a callback
};

Error Download::disk_error(int code) const {
  return make_error(ErrorKind::kUnavailable, target_.string(),
                    std::string("the file cannot be written: ") + std::strerror(code),
                    code == ENOSPC ? "Free some space." : "Check the folder.");
}

Error Download::too_large() const {
  return make_error(ErrorKind::kTooLarge, plain_url(url_),
                    "the file is larger than " + to_string(limit_));
}

Status Download::open() {
  const int fd = ::open(target_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return disk_error(errno);
  file_ = FileHandle(fd);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return disk_error(errno);
  const Note note = read_note(target_);
  if (note.url == plain_url(url_)) validator_ = note.validator;
  if (!validator_.empty()) offset_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

/// A whole file comes: what is here goes, and the note says of which version the new bytes are.
Status Download::begin_anew(const Headers& headers) {
  offset_ = 0;
  resumed_ = false;
  validator_ = validator_of(headers);
  // First the note: bytes beside a note of another version would be joined to the wrong rest.
  std::error_code ignored;
  fs::remove(note_path(target_), ignored);
  if (::ftruncate(file_.get(), 0) != 0) return disk_error(errno);
  if (validator_.empty()) return {};
  return write_note(target_, {plain_url(url_), validator_});
}

void Download::on_head(int status, const Headers& headers) {
  const auto length = headers.find("content-length");
  const std::uint64_t coming = length == headers.end() ? 0 : to_number(length->second);
  accepted_ = false;
  if (status == 206) {
    const ContentRange range = parse_content_range(headers);
    const std::string now = validator_of(headers);
    if (!range.valid || range.first != offset_ || (!now.empty() && now != validator_)) {
      again_ = true;  // not the rest of what is here, whatever If-Range said
      return;
    }
    resumed_ = offset_ > 0;
  } else if (status == 200) {
    if (coming > limit_.value) {
      failure_ = too_large();
      return;
    }
    failure_ = begin_anew(headers);
    if (!failure_.ok()) return;
  } else {
    return;
  }
  accepted_ = true;
  if (coming > limit_.value || offset_ > limit_.value - coming) failure_ = too_large();
}

bool Download::on_body(std::string_view piece) {
  if (!failure_.ok() || again_) return false;
  if (!accepted_) return true;  // the text of an error page
  if (piece.size() > limit_.value - offset_ - received_) {
    failure_ = too_large();
    return false;
  }
  while (!piece.empty()) {
    const auto at = static_cast<off_t>(offset_ + received_);
    const ssize_t written = ::pwrite(file_.get(), piece.data(), piece.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      failure_ = disk_error(errno);
      return false;
    }
    received_ += static_cast<std::uint64_t>(written);
    piece.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// What the answer means, when libcurl had no error.
Status Download::judge(const Outcome& outcome) {
  if (!failure_.ok()) return std::move(failure_).error();
  const std::string where = plain_url(url_);
  if (outcome.stopped && !again_) {
    return make_error(ErrorKind::kInterrupted, where, "the download was stopped",
                      "Start it again to go on.");
  }
  if (again_ || outcome.status == 200 || outcome.status == 206) return {};
  if (outcome.status == 416) {
    const ContentRange range = parse_content_range(outcome.headers);
    if (range.valid && range.total == offset_ && offset_ > 0) {
      resumed_ = true;  // all of it was here
      return {};
    }
    again_ = offset_ > 0;
    if (again_) return {};
  }
  const std::string answer = "the server answered " + std::to_string(outcome.status);
  if (outcome.status == 404 || outcome.status == 410) {
    return make_error(ErrorKind::kNotFound, where, "the server has no such file",
                      "Check the address.");
  }
  if (outcome.status == 401 || outcome.status == 403) {
    return make_error(ErrorKind::kForbidden, where, answer,
                      "Ask the owner of the file for access.");
  }
  return make_error(ErrorKind::kUnavailable, where, answer, "Try again later.");
}

Status Download::request(HttpClient::State& state) {
  if (again_) {  // the second try asks for the whole file
    validator_.clear();
    offset_ = 0;
    received_ = 0;
    again_ = false;
  }
  Transfer transfer;
  transfer.url = url_;
  transfer.follow_redirects = true;
  transfer.headers = headers_;
  if (offset_ > 0) {
    transfer.headers["range"] = "bytes=" + std::to_string(offset_) + "-";
    transfer.headers["if-range"] = validator_;
  }
  transfer.on_head = [this](int status, const Headers& headers) { on_head(status, headers); };
  transfer.on_body = [this](std::string_view piece) { return on_body(piece); };
  transfer.on_progress = [this](std::uint64_t, std::uint64_t total) {
    if (!progress_ || !accepted_) return true;
    return progress_(offset_ + received_, total == 0 ? 0 : offset_ + total);
  };
  MEDPERF_TRY(const Outcome outcome, run_transfer(state, transfer));
  return judge(outcome);
}

Status Download::sync() const {
  if (::fsync(file_.get()) != 0) return disk_error(errno);
  return {};
}

}  // namespace

Result<DownloadOutcome> HttpClient::download(const std::string& url, const fs::path& target,
                                             Bytes limit, const Progress& progress,
                                             const Headers& headers) {
  Download download(url, target, limit, progress, headers);
  MEDPERF_CHECK(download.open());
  MEDPERF_CHECK(download.request(*state_));
  if (download.again()) MEDPERF_CHECK(download.request(*state_));
  if (download.again()) {
    return make_error(ErrorKind::kUnavailable, plain_url(url),
                      "the server answers a plain request with a part of the file",
                      "Ask its owner to check the server.");
  }
  MEDPERF_CHECK(download.sync());
  return download.outcome();
}

}  // namespace medperf::net
