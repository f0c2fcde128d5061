#pragma once
// What the connections of one server share. Everything but `workers` and the atomic counts is used
// on the I/O thread only.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

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

struct ServerContext {
  ServerContext(ServerOptions given, Handler function)
      : options(std::move(given)), handler(std::move(function)), workers(options.workers) {}

  /// 16 hexadecimal digits, different for each request; not secret.
  std::string new_request_id();
  Timestamp now() const;
  void add(OpenConnection* connection);
  void remove(OpenConnection* connection);
  /// 0, or the status of the refusal of one more connection from this network.
  int admit(const std::string& network) const;

  const ServerOptions options;
  const Handler handler;
  std::unordered_set<OpenConnection*> open;
  std::unordered_map<std::string, int> per_network;  ///< admitted connections
  int admitted = 0;                                  ///< sum of per_network
  std::uint64_t body_bytes = 0;                      ///< of the bodies that are there
  int refusing = 0;                                  ///< connections that are being told so

  mutable std::mutex count_mutex;
  std::condition_variable count_changed;
  std::size_t count = 0;  ///< of `open`, for the thread that drains

  std::uint64_t last_id = 0;
  std::uint64_t id_seed = 0;
  WorkerPool workers;
  asio::io_context io{
      1};  ///< last: connections that are left end in its destructor and use the rest
};

/// What limits by address count as one: an IPv4 address, or the /64 of an IPv6 address.
std::string network_of(const asio::ip::address& address);

/// How a connection is treated: where it comes from, and the status of its refusal or 0.
struct Admission {
  std::string network;
  int refusal = 0;
};

/// Serves one connection to its end. `tls` is null for plain HTTP.
asio::awaitable<void> serve_connection(ServerContext& context, tcp::socket socket,
                                       ssl::context* tls, Admission admission);

}  // namespace medperf::net
