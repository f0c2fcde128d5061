// One connection: reads requests with limits, has the handler run on a worker, writes the answers
// in order.

#include <chrono>
#include <type_traits>

#include "base/log.h"
#include "net/http_message.h"
#include "net/request_head.h"
#include "net/server_context.h"
#include "net/tls_records.h"

namespace medperf::net {
namespace {

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kReadPiece = 4096;
/// What the parser may hold beside a head: a piece of a body, or the line that begins a chunk.
constexpr std::size_t kBufferBeyondHead = 20 * kReadPiece;
/// Of an answer over TLS, encrypted at once: eight records.
constexpr std::size_t kTlsPiece = 128U << 10U;
constexpr std::size_t kRecordOverhead = 1024;
constexpr auto kShortest = std::chrono::milliseconds(1);
constexpr Seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 32U << 20U;
constexpr Seconds kRefusalTime{2};
constexpr std::uint64_t kSmallBody = 64U << 10U;

std::chrono::steady_clock::duration to_duration(Seconds seconds) {
  return std::max<std::chrono::steady_clock::duration>(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(seconds), kShortest);
}

/// Runs the handler; whatever it throws becomes a 500.
Response run_handler(const Handler& handler, const Request& request) {
  std::string what = "not a std::exception";
  try {
    return handler(request);
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {  // a bug of any type is still answered
  }
  log::error("handler_threw", {{"request_id", request.request_id},
                               {"method", request.method},
                               {"path", request.path},
                               {"what", what}});
  return failure_answer(request.request_id);
}

/// A body's share of the memory that all bodies may take, given back at its end.
class BodyShare {
 public:
  BodyShare(ServerContext& context, std::uint64_t bytes)
      : context_(context), bytes_(bytes > kSmallBody ? bytes : 0) {
    context_.body_bytes += bytes_;
  }
  ~BodyShare() { context_.body_bytes -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  bool fits() const {
    return bytes_ == 0 || context_.body_bytes <= context_.options.body_memory.value;
  }

 private:
  ServerContext& context_;
  const std::uint64_t bytes_;
};

/// How large the body will be; of a chunked one only the limit is known.
std::uint64_t expected_body(const Parser& parser, const ServerOptions& options) {
  if (parser.chunked()) return options.body_limit.value;
  const auto length = parser.content_length();
  return length ? *length : 0;
}

template <typename Stream>
class Connection final : public OpenConnection {
 public:
  template <typename... Arguments>
  Connection(ServerContext& context, Loop& loop, Admission admission, Arguments&&... arguments)
      : context_(context),
        loop_(loop),
        admission_(std::move(admission)),
        stream_(std::forward<Arguments>(arguments)...),
        buffer_(context.options.header_limit.value + kBufferBeyondHead),
        timer_(loop.io),
        state_(std::make_shared<TimerState>(TimerState{this})) {
    loop_.open.insert(this);
    finishing_ = loop_.draining;
  }
  ~Connection() override {
    state_->connection = nullptr;
    loop_.open.erase(this);
    context_.connections.leave(admission_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run();

  void finish() override {
    finishing_ = true;
    if (waiting_) cancel();
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  struct TimerState {
    Connection* connection;
  };
  enum class Next { kGoOn, kClose, kLinger };

  void set_deadline(Seconds from_now);
  void cancel() { lowest().cancel(); }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  asio::awaitable<bool> wait_for_request();
  asio::awaitable<Next> serve_one();
  asio::awaitable<Next> refuse(Response response);
  asio::awaitable<Next> refuse_reading(const error_code& error);
  asio::awaitable<HeadScan> read_head();
  asio::awaitable<error_code> read_body(Parser& parser);
  asio::awaitable<Response> answer(Request request);
  asio::awaitable<error_code> write(Response response, Outgoing outgoing);
  asio::awaitable<error_code> write_tls(http::response<http::string_body>& message);
  asio::awaitable<error_code> send_records(std::string& plain);
  asio::awaitable<void> close(bool linger);

  ServerContext& context_;
  Loop& loop_;
  const Admission admission_;
  Stream stream_;
  beast::flat_buffer buffer_;
  asio::steady_timer timer_;
  std::shared_ptr<TimerState> state_;  ///< outlives this in timer callbacks that are queued
  std::string peer_;
  int pipelined_ = 0;  ///< requests that were here before the answer to the one before them
  bool timed_out_ = false;
  bool waiting_ = false;  ///< for the first byte of a request
  bool finishing_ = false;
};

/// After this time the operation in flight is cancelled and timed_out_ set. Beast's own time-outs
/// close the socket, so that no 408 could be written.
template <typename Stream>
void Connection<Stream>::set_deadline(Seconds from_now) {
  timed_out_ = false;
  timer_.expires_after(to_duration(from_now));
  timer_.async_wait([state = state_](const error_code& error) {
    Connection* self = state->connection;
    if (error || self == nullptr) return;
    if (self->timer_.expiry() > std::chrono::steady_clock::now()) return;  // was set anew
    self->timed_out_ = true;
    self->cancel();
  });
}

template <typename Stream>
asio::awaitable<void> Connection<Stream>::run() {
  error_code error;
  const auto endpoint = lowest().socket().remote_endpoint(error);
  if (error) co_return;
  peer_ = endpoint.address().to_string();
  lowest().socket().set_option(tcp::no_delay(true), error);
  if constexpr (kTls) {
    set_deadline(admission_.refusal == 0 ? context_.options.handshake_timeout : kRefusalTime);
    co_await stream_.async_handshake(ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
  if (admission_.refusal != 0) {
    co_await refuse(refusal_of_connection(admission_.refusal));
    co_await close(true);
    co_return;
  }
  Next next = Next::kGoOn;
  while (next == Next::kGoOn) {
    const bool has_request = co_await wait_for_request();
    if (!has_request) break;
    next = co_await serve_one();
  }
  co_await close(next == Next::kLinger);
}

/// Waits for the first byte of a request. False: none came, or the server is stopping.
template <typename Stream>
asio::awaitable<bool> Connection<Stream>::wait_for_request() {
  if (finishing_) co_return false;
  if (buffer_.size() > 0) {
    ++pipelined_;
    co_return true;
  }
  pipelined_ = 0;
  buffer_.shrink_to_fit();  // an idle connection keeps no memory of a large request
  set_deadline(context_.options.idle_timeout);
  waiting_ = true;
  error_code error;
  const std::size_t got = co_await stream_.async_read_some(
      buffer_.prepare(kReadPiece), asio::redirect_error(asio::use_awaitable, error));
  waiting_ = false;
  buffer_.commit(got);
  co_return !error && got > 0;
}

/// Reads on until the head is whole. A connection that ends before it gives status -1.
template <typename Stream>
asio::awaitable<HeadScan> Connection<Stream>::read_head() {
  const ServerOptions& options = context_.options;
  const HeadLimits limits{options.header_limit.value, options.target_limit.value};
  const auto received = [this] {
    return std::string_view(static_cast<const char*>(buffer_.cdata().data()), buffer_.size());
  };
  std::size_t scanned = 0;
  HeadScan scan = scan_head(received(), scanned, limits);
  while (scan.status == 0 && scan.end == 0) {
    // The last byte is looked at again: a CR is judged by what follows it.
    scanned = buffer_.size() > 0 ? buffer_.size() - 1 : 0;
    error_code error;
    const std::size_t got = co_await stream_.async_read_some(
        buffer_.prepare(kReadPiece), asio::redirect_error(asio::use_awaitable, error));
    buffer_.commit(got);
    if (error || got == 0) co_return HeadScan{0, -1, {}};
    scan = scan_head(received(), scanned, limits);
  }
  if (scan.status == 0) scan = check_head(received().substr(0, scan.end), limits);
  co_return scan;
}

template <typename Stream>
asio::awaitable<error_code> Connection<Stream>::read_body(Parser& parser) {
  error_code error;
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on{http::status::continue_, parser.get().version()};
    co_await http::async_write(stream_, go_on, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
  }
  co_await http::async_read(stream_, buffer_, parser,
                            asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

template <typename Stream>
asio::awaitable<typename Connection<Stream>::Next> Connection<Stream>::serve_one() {
  const ServerOptions& options = context_.options;
  set_deadline(options.request_timeout);
  if (pipelined_ > options.pipeline_limit) {
    co_return co_await refuse(
        refusal(429, "Too many requests in a row without waiting for an answer."));
  }
  const HeadScan head = co_await read_head();
  if (head.status == -1) co_return co_await refuse_reading(http::error::end_of_stream);
  if (head.status != 0) co_return co_await refuse(refusal(head.status, head.detail));

  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.header_limit.value));
  parser.body_limit(options.body_limit.value);
  error_code error;
  co_await http::async_read_header(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return co_await refuse_reading(error);
  // Before the body: trailers of a chunked body become headers in the parser, and nowhere else.
  Outgoing outgoing;
  outgoing.version = parser.get().version();
  outgoing.head = parser.get().method() == http::verb::head;
  const bool keep_alive = parser.keep_alive();
  Result<Request> request = to_request(parser.get(), peer_, kTls, options);
  if (!request.ok()) {
    co_return co_await refuse(refusal(400, "Bad request: " + request.error().text()));
  }
  const BodyShare share(context_, expected_body(parser, options));
  if (!share.fits()) {
    co_return co_await refuse(refusal(503, "Too many large requests at once. Try again later."));
  }
  const error_code broken = co_await read_body(parser);
  if (broken) co_return co_await refuse_reading(broken);
  request->body = std::move(parser.get().body());

  if (request->request_id.empty()) request->request_id = loop_.new_request_id();
  outgoing.request_id = request->request_id;
  timer_.cancel();
  Response response = co_await answer(std::move(*request));
  outgoing.keep_alive = keep_alive && !finishing_;
  const error_code failed = co_await write(std::move(response), outgoing);
  co_return failed || !outgoing.keep_alive ? Next::kClose : Next::kGoOn;
}

/// The answer to a request that did not arrive whole.
template <typename Stream>
asio::awaitable<typename Connection<Stream>::Next> Connection<Stream>::refuse_reading(
    const error_code& error) {
  if (timed_out_) {
    co_return co_await refuse(refusal(408, "The request did not arrive in time."));
  }
  co_return co_await refuse(refusal_of(error));
}

/// Answers what could not be read as a request; the connection cannot be used after that.
template <typename Stream>
asio::awaitable<typename Connection<Stream>::Next> Connection<Stream>::refuse(Response response) {
  if (response.status == 0) co_return Next::kClose;
  Outgoing outgoing;
  outgoing.keep_alive = false;
  outgoing.request_id = loop_.new_request_id();
  const error_code failed = co_await write(std::move(response), outgoing);
  co_return failed ? Next::kClose : Next::kLinger;
}

/// Runs the handler: here when it is quick, else on a worker, and comes back to the I/O thread with
/// its answer.
template <typename Stream>
asio::awaitable<Response> Connection<Stream>::answer(Request request) {
  if (context_.options.is_quick && context_.options.is_quick(request)) {
    co_return run_handler(context_.handler, request);
  }
  auto start = [this, request = std::move(request)](auto completion) mutable {
    // std::function wants copies; the completion can only be moved.
    auto shared = std::make_shared<decltype(completion)>(std::move(completion));
    context_.workers.add([&context = context_, &loop = loop_, shared,
                          asked = std::make_shared<Request>(std::move(request))] {
      auto made = std::make_shared<Response>(run_handler(context.handler, *asked));
      asio::post(loop.io, [shared, made] { (*shared)(std::move(*made)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Response)>(
      std::move(start), asio::use_awaitable);
}

template <typename Stream>
asio::awaitable<error_code> Connection<Stream>::write(Response response, Outgoing outgoing) {
  outgoing.date = loop_.date(context_.now());
  http::response<http::string_body> message = to_message(std::move(response), outgoing);
  set_deadline(context_.options.write_timeout +
               Seconds(static_cast<double>(message.body().size()) /
                       static_cast<double>(context_.options.slowest_reader.value)));
  error_code error;
  if constexpr (kTls) {
    if (!outgoing.head) co_return co_await write_tls(message);
  }
  if (outgoing.head) {
    http::response_serializer<http::string_body> serializer(message);
    co_await http::async_write_header(stream_, serializer,
                                      asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await http::async_write(stream_, message, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

/// Encrypts and sends what is in `plain`, and empties it.
template <typename Stream>
asio::awaitable<error_code> Connection<Stream>::send_records(std::string& plain) {
  std::string records;
  records.reserve(plain.size() + kRecordOverhead);
  if (!append_records(stream_.native_handle(), plain, records)) co_return asio::error::broken_pipe;
  plain.clear();
  error_code error;
  co_await asio::async_write(lowest(), asio::buffer(records),
                             asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

/// Writes a message over TLS in few and large pieces: one system call where asio's stream makes one
/// a record.
template <typename Stream>
asio::awaitable<error_code> Connection<Stream>::write_tls(
    http::response<http::string_body>& message) {
  http::response_serializer<http::string_body> serializer(message);
  std::string plain;
  error_code error;
  while (!serializer.is_done() && !error) {
    std::vector<std::string_view> pieces;
    serializer.next(error, [&pieces](error_code&, const auto& buffers) {
      for (const asio::const_buffer one : beast::buffers_range_ref(buffers)) {
        pieces.emplace_back(static_cast<const char*>(one.data()), one.size());
      }
    });
    std::size_t taken = 0;
    for (std::string_view piece : pieces) {
      taken += piece.size();
      while (!piece.empty() && !error) {
        const std::size_t fits = std::min(piece.size(), kTlsPiece - plain.size());
        plain += piece.substr(0, fits);
        piece.remove_prefix(fits);
        if (plain.size() == kTlsPiece) error = co_await send_records(plain);
      }
    }
    serializer.consume(taken);
  }
  if (!error && !plain.empty()) error = co_await send_records(plain);
  co_return error;
}

/// Says good-bye. After a refusal the rest of the request is read and dropped for a while: closing
/// a socket with unread bytes would make the kernel throw away the answer (RFC 9112 section 9.6).
template <typename Stream>
asio::awaitable<void> Connection<Stream>::close(bool linger) {
  error_code error;
  set_deadline(kLingerTime);
  if (linger) {
    if constexpr (!kTls) lowest().socket().shutdown(tcp::socket::shutdown_send, error);
    std::size_t dropped = 0;
    while (!error && !timed_out_ && dropped < kLingerBytes) {
      buffer_.clear();
      dropped += co_await stream_.async_read_some(buffer_.prepare(16 * kReadPiece),
                                                  asio::redirect_error(asio::use_awaitable, error));
    }
  }
  if constexpr (kTls) {
    if (!timed_out_) {
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    }
  }
  lowest().socket().shutdown(tcp::socket::shutdown_both, error);
  lowest().close();
}

}  // namespace

asio::awaitable<void> serve_connection(ServerContext& context, Loop& loop, tcp::socket socket,
                                       ssl::context* tls, Admission admission) {
  if (tls != nullptr) {
    Connection<TlsStream> connection(context, loop, std::move(admission), std::move(socket), *tls);
    co_await connection.run();
  } else {
    Connection<PlainStream> connection(context, loop, std::move(admission), std::move(socket));
    co_await connection.run();
  }
}

}  // namespace medperf::net
