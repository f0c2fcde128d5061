#pragma once
// One exchange with libcurl, shared by calls and downloads. For this room only.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/curl_api.h"
#include "net/http_client.h"

namespace medperf::net {

struct HttpClient::State {
  ClientOptions options;
  const CurlApi* api = nullptr;  ///< null until the first exchange
  CURL* handle = nullptr;
  ~State();
};

struct Transfer {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string_view body;
  bool follow_redirects = false;
  Seconds whole_timeout{0};  ///< 0: none, but one that stalls for options.timeout ends
  /// Sees the status and headers of each answer before its body (redirects too).
  std::function<void(int, const Headers&)> on_head;
  /// Takes a piece of the body; false stops the transfer.
  std::function<bool(std::string_view)> on_body;
  /// Bytes of the body so far and in all (0: unknown); false stops the transfer.
  std::function<bool(std::uint64_t, std::uint64_t)> on_progress;
};

struct Outcome {
  int status = 0;
  Headers headers;
  bool stopped = false;  ///< on_body or on_progress returned false
};

/// Runs a transfer. Errors: invalid (URL, header), unavailable, timed_out, interrupted (on
/// stop_requested()).
Result<Outcome> run_transfer(HttpClient::State& state, Transfer& transfer);

/// The URL without user, password, query and fragment, which may hold secrets.
std::string plain_url(std::string_view url);

}  // namespace medperf::net
