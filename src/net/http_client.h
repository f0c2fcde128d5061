#pragma once
// HTTP client. libcurl stays inside.

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
  std::string proxy;  ///< "http://host:port"; empty: none (the environment is not read)
  Seconds connect_timeout{10};
  Seconds timeout{60};  ///< of a whole call; a download ends after this time without a byte
  bool allow_plain_http = false;  ///< http:// too: loopback tests
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
  /// certificate ...), timed_out, too_large, interrupted, invalid for a wrong URL or header.
  /// `where` is the URL without its query.
  Result<Reply> call(const Call& call);
  /// Fetches into `target` (mode 0600), going on from the bytes already there by Range (checked by
  /// ETag or Last-Modified kept beside in `target`.resume; without that note it begins anew). After
  /// success the note stays, so that a repeated download only asks whether the file changed: remove
  /// both together. The caller checks the digest. Errors: as call; not_found; forbidden; too_large
  /// past `limit`; unavailable for any other status and for a connection that was cut (call again
  /// to go on). Of `headers`, an authorization is not sent on to another host.
  Result<DownloadOutcome> download(const std::string& url, const fs::path& target, Bytes limit,
                                   const Progress& progress = {}, const Headers& headers = {});

  struct State;  ///< inside this room only

 private:
  std::unique_ptr<State> state_;
};

}  // namespace medperf::net
