#pragma once
// What the connections of one server share.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "net/beast.h"
#include "net/http_server.h"
#include "net/worker_pool.h"

namespace medperf::net {

/// A connection as the server sees it.
class OpenConnection {
 public:
  virtual ~OpenConnection() = default;
  /// Closes it now when it waits for a request, else after the answer that is being made.
  virtual void finish() = 0;
};

/// What limits by address count as one: an IPv4 address, or the /64 of an IPv6 address.
std::string network_of(const asio::ip::address& address);

/// How a connection is treated: where it comes from, and the status of its refusal or 0.
struct Admission {
  std::string network;
  int refusal = 0;
};

/// How many connections there are, and from where. Thread-safe.
class ConnectionCount {
 public:
  /// Counts one more in, to be served or to be refused; nothing when it is not even worth a
  /// refusal.
  std::optional<Admission> enter(const ServerOptions& options, std::string network);
  void leave(const Admission& admission);
  std::size_t now() const;
  /// Waits until there are none; false when there are some left at the end of the time.
  bool wait_for_none(Seconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable none_;
  std::unordered_map<std::string, int> per_network_;  ///< of the admitted
  int admitted_ = 0;                                  ///< sum of per_network_
  int refusing_ = 0;                                  ///< that are being told so
};

/// One I/O thread. All that its connections do but their handlers' work is done on it.
struct Loop {
  /// 16 hexadecimal digits, different for each request; not secret.
  std::string new_request_id();
  /// In the form of HTTP; made once a second.
  const std::string& date(Timestamp now);

  std::unordered_set<OpenConnection*> open;
  std::uint64_t last_id = 0;
  std::uint64_t id_seed = 0;
  std::int64_t dated_second = -1;
  std::string date_text;
  bool draining = false;   ///< no connection may begin to wait for a request
  asio::io_context io{1};  ///< connections that are left end in its destructor
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
};

/// What is shared by all loops.
struct ServerContext {
  ServerContext(ServerOptions given, Handler function)
      : options(std::move(given)), handler(std::move(function)), workers(options.workers) {
    for (int i = 0; i < options.loops; ++i) loops.push_back(std::make_unique<Loop>());
  }
  Timestamp now() const;

  const ServerOptions options;
  const Handler handler;
  ConnectionCount connections;
  std::atomic<std::uint64_t> body_bytes{0};  ///< of the bodies that are there
  WorkerPool workers;
  std::vector<std::unique_ptr<Loop>> loops;  ///< last: their connections use the rest
};

/// Serves one connection to its end, on its loop. `tls` is null for plain HTTP.
asio::awaitable<void> serve_connection(ServerContext& context, Loop& loop, tcp::socket socket,
                                       ssl::context* tls, Admission admission);

}  // namespace medperf::net
