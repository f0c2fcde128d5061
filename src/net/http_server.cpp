// Listening, the I/O thread, draining.

#include "net/http_server.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>
#include <latch>
#include <random>

#include "base/log.h"
#include "net/http_date.h"
#include "net/server_context.h"

namespace medperf::net {

namespace {

constexpr int kRefusalsAtOnce = 64;

}  // namespace

std::string Loop::new_request_id() {
  if (id_seed == 0) {
    std::random_device device;
    id_seed = (std::uint64_t{device()} << 32U) | device();
  }
  std::uint64_t x = id_seed + 0x9e3779b97f4a7c15U * ++last_id;  // splitmix64: a permutation
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  x ^= x >> 31U;
  std::string id(16, '0');
  for (char& c : id) {
    c = "0123456789abcdef"[x & 15U];
    x >>= 4U;
  }
  return id;
}

const std::string& Loop::date(Timestamp now) {
  constexpr std::int64_t kSecond = 1'000'000;
  if (dated_second != now.microseconds / kSecond) {
    dated_second = now.microseconds / kSecond;
    date_text = to_http_date(now);
  }
  return date_text;
}

Timestamp ServerContext::now() const {
  return options.clock == nullptr ? SystemClock().now() : options.clock->now();
}

std::optional<Admission> ConnectionCount::enter(const ServerOptions& options, std::string network) {
  const std::lock_guard lock(mutex_);
  Admission admission{std::move(network), 0};
  const auto found = per_network_.find(admission.network);
  if (admitted_ >= options.max_connections) {
    admission.refusal = 503;
  } else if (!options.trust_forwarded && found != per_network_.end() &&
             found->second >= options.connections_per_address) {
    admission.refusal = 429;  // behind a proxy every connection comes from the proxy
  }
  if (admission.refusal != 0) {
    if (refusing_ >= kRefusalsAtOnce) return std::nullopt;
    ++refusing_;
  } else {
    ++admitted_;
    ++per_network_[admission.network];
  }
  return admission;
}

void ConnectionCount::leave(const Admission& admission) {
  const std::lock_guard lock(mutex_);
  if (admission.refusal != 0) {
    --refusing_;
  } else {
    --admitted_;
    const auto place = per_network_.find(admission.network);
    if (--place->second == 0) per_network_.erase(place);
  }
  if (admitted_ + refusing_ == 0) none_.notify_all();
}

std::size_t ConnectionCount::now() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(admitted_ + refusing_);
}

bool ConnectionCount::wait_for_none(Seconds time) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, time, [this] { return admitted_ + refusing_ == 0; });
}

std::string network_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  }
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes).to_string();
}

namespace {

Error tls_error(const fs::path& file, std::string_view what, const error_code& error) {
  return make_error(ErrorKind::kUnavailable, file.string(), std::string(what),
                    "Check the path, its format (PEM) and that this user may read it.",
                    error.message());
}

int select_http_1_1(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char kOffer[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, kOffer, sizeof kOffer - 1, in, in_size);
  *out = chosen;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/// A private key that others can read is no secret: said at the start, not found out later.
Status check_key_file(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0 || (info.st_mode & 077) == 0) return {};
  return make_error(ErrorKind::kRefused, file.string(),
                    "others than its owner may read or write this private key",
                    "Run: chmod 600 on this file, and consider the key known to others.");
}

Result<std::unique_ptr<ssl::context>> make_tls(const ServerOptions& options) {
  MEDPERF_CHECK(check_key_file(options.private_key));
  auto tls = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle connections stay small
  SSL_CTX_set_alpn_select_cb(native, select_http_1_1, nullptr);
  error_code error;
  tls->use_certificate_chain_file(options.certificate.string(), error);
  if (error) return tls_error(options.certificate, "the certificate cannot be used", error);
  tls->use_private_key_file(options.private_key.string(), ssl::context::pem, error);
  if (error) {
    return tls_error(options.private_key, "the private key cannot be used with this certificate",
                     error);
  }
  return tls;
}

Status check(const ServerOptions& options) {
  const auto bad = [](std::string where, std::string what) {
    return make_error(ErrorKind::kInvalid, std::move(where), std::move(what));
  };
  if (options.loops < 1 || options.loops > 64) return bad("loops", "must be 1 to 64");
  if (options.workers < 1 || options.workers > 1024) return bad("workers", "must be 1 to 1024");
  if (options.max_connections < 1) return bad("max_connections", "must be at least 1");
  if (options.connections_per_address < 1) {
    return bad("connections_per_address", "must be at least 1");
  }
  if (options.slowest_reader.value < 1) return bad("slowest_reader", "must be at least 1 byte");
  if (options.pipeline_limit < 1) return bad("pipeline_limit", "must be at least 1");
  if (options.query_limit < 1) return bad("query_limit", "must be at least 1");
  if (options.header_limit.value < 1024 || options.header_limit.value > mebibytes(1).value) {
    return bad("header_limit", "must be 1 KiB to 1 MiB");
  }
  if (options.target_limit.value < 256) return bad("target_limit", "must be at least 256 bytes");
  if (options.certificate.empty() != options.private_key.empty()) {
    return bad("certificate", "certificate and private key must be given together");
  }
  return {};
}

class Server final : public HttpServer {
 public:
  Server(const ServerOptions& options, Handler handler)
      : context_(options, std::move(handler)), acceptor_(first().io) {}

  ~Server() override {
    stop_loops();
    for (std::thread& thread : threads_) thread.join();
    context_.workers.stop();
    // Coroutines that are left end in the destructors of the loops, when no thread runs any more.
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status listen() {
    const ServerOptions& options = context_.options;
    if (!options.certificate.empty()) {
      MEDPERF_TRY(tls_, make_tls(options));
    }
    const std::string place = options.address + ":" + std::to_string(options.port);
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return make_error(ErrorKind::kInvalid, place, "not an IP address");
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return make_error(ErrorKind::kUnavailable, place, "cannot listen here: " + error.message(),
                        "Choose another address or port, or stop the program that uses it.");
    }
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(first().io, accept(), asio::detached);
    for (const auto& loop : context_.loops) {
      threads_.emplace_back([&io = loop->io] { run_io(io); });
    }
    return {};
  }

  std::uint16_t port() const override { return port_; }

  std::size_t connections() const override { return context_.connections.now(); }

  void drain(Seconds grace) override {
    std::latch told(static_cast<std::ptrdiff_t>(context_.loops.size()));
    for (const auto& loop : context_.loops) {
      asio::post(loop->io, [this, &loop, &told] {
        error_code ignored;
        if (loop.get() == &first()) acceptor_.close(ignored);
        loop->draining = true;
        for (OpenConnection* connection : loop->open) connection->finish();
        told.count_down();
      });
    }
    told.wait();
    context_.connections.wait_for_none(grace);
    stop_loops();
  }

 private:
  Loop& first() { return *context_.loops.front(); }

  void stop_loops() {
    for (const auto& loop : context_.loops) {
      loop->guard.reset();
      loop->io.stop();
    }
  }

  /// Each connection goes to the next loop: they are about as long and as busy as each other.
  asio::awaitable<void> accept() {
    asio::steady_timer pause(first().io);
    for (std::size_t next = 0; acceptor_.is_open(); ++next) {
      Loop& loop = *context_.loops[next % context_.loops.size()];
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(
          loop.io, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) break;
      if (error) {  // out of descriptors, most likely: wait until some are free again
        log::warning("accept_failed", {{"reason", error.message()}});
        pause.expires_after(std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const auto peer = socket.remote_endpoint(error);
      if (error) continue;
      auto admission = context_.connections.enter(context_.options, network_of(peer.address()));
      if (!admission) continue;  // closes it
      asio::co_spawn(
          loop.io,
          serve_connection(context_, loop, std::move(socket), tls_.get(), std::move(*admission)),
          asio::detached);
    }
  }

  /// An exception here is a bug in one connection's code; the others go on.
  static void run_io(asio::io_context& io) {
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception& exception) {
        log::error("connection_threw", {{"what", exception.what()}});
      }
    }
  }

  std::unique_ptr<ssl::context> tls_;  ///< before context_: connections use it until they end
  ServerContext context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options,
                                                      Handler handler) {
  MEDPERF_CHECK(check(options));
  auto server = std::make_unique<Server>(options, std::move(handler));
  MEDPERF_CHECK(server->listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace medperf::net
