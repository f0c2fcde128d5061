#pragma once
// HTTP/1.1 server over TLS (or plain, for tests and behind a proxy). Boost stays inside.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "net/http_types.h"

namespace medperf::net {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  fs::path certificate;    ///< PEM chain; empty: plain HTTP
  fs::path private_key;    ///< PEM
  int loops = 1;           ///< I/O threads; a connection stays with one
  int workers = 4;         ///< threads for handlers
  /// Whether a request's handler may run on the I/O thread, because it never waits for anything.
  /// Null: none may.
  std::function<bool(const Request&)> is_quick;
  Bytes body_limit{16u << 20};
  Bytes body_memory{256u << 20};  ///< of all bodies above 64 KiB that are there at once
  Bytes header_limit{32u << 10};
  Bytes target_limit{8U << 10U};  ///< of path and query
  int query_limit = 200;          ///< parameters in a query
  Seconds handshake_timeout{10};  ///< of TLS
  Seconds idle_timeout{30};       ///< between requests
  Seconds request_timeout{30};    ///< from first byte to the whole request: no slow senders
  Seconds write_timeout{30};      ///< of an answer, and a second more for each `slowest_reader`
  Bytes slowest_reader{64U << 10U};
  int max_connections = 1024;
  int connections_per_address = 1024;  ///< an IPv4 address or an IPv6 /64; not behind a proxy
  int pipeline_limit = 100;            ///< requests sent in a row without waiting for an answer
  bool trust_forwarded = false;        ///< believe X-Forwarded-For and -Proto: only behind a proxy
  const Clock* clock = nullptr;        ///< tells the Date of answers; null: the system's
};

using Handler = std::function<Response(const Request&)>;

/// I/O threads (coroutines), and `workers` threads that run the handler unless it is quick. A
/// handler that throws is a bug: 500 with the request id, logged once.
///
/// HEAD reaches the handler as GET; the body of its answer is left out. Every answer has an
/// X-Request-Id and a Date. What the server refuses by itself has the body {"detail": "..."}: 400
/// (not HTTP, ambiguous about its end, or a target that is not percent-encoded UTF-8), 408 (too
/// slow), 413 (body), 414 (target), 417, 429 (connections of one address, pipelining), 431
/// (headers), 500, 503 (connections, memory of bodies), 505. Trailers of a chunked body are
/// dropped. Request headers given twice are joined by ", ", but Host, Authorization, Content-Type
/// are refused. TLS 1.2 and 1.3 only, forward-secret AEAD ciphers. The private key must be its
/// owner's alone.
class HttpServer {
 public:
  /// Errors: invalid (options), unavailable (address in use, unreadable certificate or key).
  static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Handler handler);
  virtual ~HttpServer() = default;  ///< stops at once
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;  ///< open now
  /// Stops accepting, lets running requests end (at most `grace`), then closes.
  virtual void drain(Seconds grace) = 0;
};

}  // namespace medperf::net
