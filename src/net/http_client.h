#pragma once
// AGREED. HTTP client. libcurl stays inside.

#include <functional>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "net/http_types.h"

namespace medperf::net {

struct ClientOptions {
  fs::path ca_file;   ///< extra authority (PEM); empty: the system's
  std::string proxy;  ///< empty: none
  Seconds connect_timeout{10};
  Seconds timeout{60};
};

struct Call {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  Bytes answer_limit{64u << 20};
};

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Seen during a download: bytes so far, bytes in all (0: unknown). Returning false stops it.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct DownloadOutcome {
  Bytes received;  ///< over the network in this call
  Bytes size;      ///< of the whole file
  bool resumed = false;
};

/// Keeps connections alive between calls. One thread at a time. Only https:// unless
/// allow_plain_http (loopback tests). Redirects are followed for downloads only, https only.
class HttpClient {
 public:
  explicit HttpClient(ClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  /// Any status is a success here. Errors: unavailable (with the plain reason: refused, name, TLS
  /// certificate ...), timed_out, too_large, interrupted.
  Result<Reply> call(const Call& call);
  /// Fetches into `target`, going on from the bytes already there by Range (checked by ETag or
  /// Last-Modified kept beside in `target`.resume). Errors: as call; not_found; too_large past
  /// `limit`.
  Result<DownloadOutcome> download(const std::string& url, const fs::path& target, Bytes limit,
                                   const Progress& progress = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medperf::net
