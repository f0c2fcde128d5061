// Calls, and what they share with downloads: setting libcurl up and putting its errors in plain
// words.

#include "net/http_client.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/encoding.h"
#include "base/process.h"
#include "net/http_transfer.h"

namespace medperf::net {
namespace {

constexpr std::size_t kHeaderLimit = 256U << 10U;

/// What libcurl's callbacks work on.
struct Exchange {
  Transfer* transfer;
  Outcome outcome;
  std::size_t header_bytes = 0;
  bool head_told = false;
  bool interrupted = false;

  void tell_head() {
    if (head_told) return;
    head_told = true;
    if (transfer->on_head) transfer->on_head(outcome.status, outcome.headers);
  }
};

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::size_t on_header_line(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  std::string_view line(data, size);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kHeaderLimit) return 0;
  if (line.starts_with(
          "HTTP/")) {  // of a 100, a redirect or the answer itself: the last one counts
    exchange.outcome.headers.clear();
    exchange.head_told = false;
    const std::size_t space = line.find(' ');
    exchange.outcome.status = space == std::string_view::npos
                                  ? 0
                                  : std::atoi(std::string(line.substr(space + 1, 3)).c_str());
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string_view value = trim(line.substr(colon + 1));
  const auto [place, added] =
      exchange.outcome.headers.emplace(lower_case(trim(line.substr(0, colon))), value);
  if (!added) place->second += ", " + std::string(value);
  return size;
}

std::size_t on_body_piece(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.tell_head();
  const bool redirect = exchange.transfer->follow_redirects && exchange.outcome.status >= 300 &&
                        exchange.outcome.status < 400;
  if (redirect || !exchange.transfer->on_body) return size;
  if (exchange.transfer->on_body({data, size})) return size;
  exchange.outcome.stopped = true;
  return 0;
}

int on_tick(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (stop_requested()) {
    exchange.interrupted = true;
    return 1;
  }
  if (exchange.transfer->on_progress &&
      !exchange.transfer->on_progress(static_cast<std::uint64_t>(std::max<curl_off_t>(done, 0)),
                                      static_cast<std::uint64_t>(std::max<curl_off_t>(total, 0)))) {
    exchange.outcome.stopped = true;
    return 1;
  }
  return 0;
}

/// Request headers as libcurl wants them.
class HeaderList {
 public:
  explicit HeaderList(const CurlApi& api) : api_(api) {}
  ~HeaderList() { api_.slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) {
    if (curl_slist* longer = api_.slist_append(list_, line.c_str())) list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  const CurlApi& api_;
  curl_slist* list_ = nullptr;
};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Status check(const ClientOptions& options, const Transfer& transfer) {
  const std::string where = plain_url(transfer.url);
  const bool plain = options.allow_plain_http && transfer.url.starts_with("http://");
  if (!transfer.url.starts_with("https://") && !plain) {
    return make_error(ErrorKind::kInvalid, where, "the address does not start with https://",
                      "Use an https address.");
  }
  if (has_control(transfer.url) || has_control(transfer.method)) {
    return make_error(ErrorKind::kInvalid, where, "the address has control characters");
  }
  for (const auto& [name, value] : transfer.headers) {
    if (has_control(name) || has_control(value)) {
      return make_error(ErrorKind::kInvalid, where,
                        "the header '" + printable(name, 100) + "' has control characters");
    }
  }
  if (!options.ca_file.empty() && ::access(options.ca_file.c_str(), R_OK) != 0) {
    return make_error(ErrorKind::kUnavailable, options.ca_file.string(),
                      "the file of certificate authorities cannot be read",
                      "Check the path and that this user may read it.", std::strerror(errno));
  }
  return {};
}

long milliseconds(Seconds seconds) {
  return std::max(1L, static_cast<long>(seconds.count() * 1000));
}

void set_up_connection(const HttpClient::State& state, const Transfer& transfer) {
  const auto set = [&](CURLoption option, auto value) {
    state.api->easy_setopt(state.handle, option, value);
  };
  const ClientOptions& options = state.options;
  const char* protocols = options.allow_plain_http ? "https,http" : "https";
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  set(CURLOPT_FOLLOWLOCATION, transfer.follow_redirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 5L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_PROXY, options.proxy.c_str());  // empty, not unset: the environment is not read
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
  if (transfer.whole_timeout.count() > 0) {
    set(CURLOPT_TIMEOUT_MS, milliseconds(transfer.whole_timeout));
  } else {
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.timeout.count())));
  }
}

void set_up_request(const HttpClient::State& state, const Transfer& transfer, Exchange& exchange,
                    HeaderList& headers) {
  const auto set = [&](CURLoption option, auto value) {
    state.api->easy_setopt(state.handle, option, value);
  };
  set(CURLOPT_URL, transfer.url.c_str());
  set(CURLOPT_USERAGENT, "medperf/" MEDPERF_VERSION);
  if (transfer.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!transfer.body.empty() || transfer.method == "POST" || transfer.method == "PUT" ||
             transfer.method == "PATCH") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.body.size()));
    set(CURLOPT_POSTFIELDS, transfer.body.empty() ? "" : transfer.body.data());
    if (!transfer.headers.contains("content-type")) headers.add("Content-Type:");  // not a form
  }
  if (transfer.method != "GET" && transfer.method != "HEAD") {
    set(CURLOPT_CUSTOMREQUEST, transfer.method.c_str());
  }
  for (const auto& [name, value] : transfer.headers) {
    headers.add(value.empty() ? name + ";" : name + ": " + value);
  }
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_HEADERFUNCTION, &on_header_line);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  set(CURLOPT_WRITEFUNCTION, &on_body_piece);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  set(CURLOPT_XFERINFOFUNCTION, &on_tick);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  set(CURLOPT_NOPROGRESS, 0L);
}

/// libcurl's error in plain words. `detail` is its own text.
Error plain_error(CURLcode code, long system_error, const std::string& url,
                  const std::string& detail) {
  const auto error = [&](ErrorKind kind, std::string what, std::string advice) {
    return make_error(kind, plain_url(url), std::move(what), std::move(advice),
                      detail + " (libcurl code " + std::to_string(code) + ")");
  };
  const auto unavailable = [&](std::string what, std::string advice) {
    return error(ErrorKind::kUnavailable, std::move(what), std::move(advice));
  };
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return error(ErrorKind::kInvalid,
                   "the address (or one it redirects to) is not an https address",
                   "Use an https address.");
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable("the host name is not known", "Check the address and the name server.");
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return unavailable("the proxy cannot be used", "Check the proxy setting.");
    case CURLE_COULDNT_CONNECT:
      return unavailable(std::string("no connection: ") +
                             (system_error > 0 ? std::strerror(static_cast<int>(system_error))
                                               : "nothing answers"),
                         "Check that the server runs, its address and port, and the firewall.");
    case CURLE_OPERATION_TIMEDOUT:
      return error(ErrorKind::kTimedOut, "no complete answer came in time",
                   "Try again, or raise the time-out.");
    case CURLE_PEER_FAILED_VERIFICATION:
      return unavailable("the server's TLS certificate is not trusted: " + printable(detail, 300),
                         "Check the address, the file of certificate authorities and the clock.");
    case CURLE_SSL_CACERT_BADFILE:
      return unavailable("the file of certificate authorities is not usable",
                         "It must hold PEM certificates.");
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable("TLS cannot be agreed on: " + printable(detail, 300),
                         "Check that the port is the https one.");
    case CURLE_TOO_MANY_REDIRECTS:
      return unavailable("the server redirects more than 5 times", "Check the address.");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return unavailable("the connection was cut", "Try again.");
    default:
      return unavailable("the exchange failed: " + printable(detail, 300), "Try again.");
  }
}

}  // namespace

std::string plain_url(std::string_view url) {
  std::string plain = printable(url.substr(0, url.find_first_of("?#")), 500);
  const std::size_t scheme = plain.find("://");
  if (scheme == std::string::npos) return plain;
  const std::size_t path = plain.find('/', scheme + 3);
  const std::size_t user_end = plain.rfind('@', path);
  if (user_end != std::string::npos && user_end > scheme) {
    plain.erase(scheme + 3, user_end + 1 - (scheme + 3));
  }
  return plain;
}

HttpClient::State::~State() {
  if (handle != nullptr) api->easy_cleanup(handle);
}

Result<Outcome> run_transfer(HttpClient::State& state, Transfer& transfer) {
  MEDPERF_CHECK(check(state.options, transfer));
  if (state.handle == nullptr) {
    MEDPERF_TRY(state.api, curl_api());
    state.handle = state.api->easy_init();
    if (state.handle == nullptr) {
      return make_error(ErrorKind::kUnavailable, "libcurl", "it cannot be started");
    }
  }
  state.api->easy_reset(state.handle);  // keeps the connections
  Exchange exchange{&transfer, {}};
  HeaderList headers(*state.api);
  char detail[CURL_ERROR_SIZE] = "";
  state.api->easy_setopt(state.handle, CURLOPT_ERRORBUFFER, detail);
  set_up_connection(state, transfer);
  set_up_request(state, transfer, exchange, headers);
  const CURLcode code = state.api->easy_perform(state.handle);
  state.api->easy_setopt(state.handle, CURLOPT_ERRORBUFFER, nullptr);
  if (exchange.interrupted) {
    return make_error(ErrorKind::kInterrupted, plain_url(transfer.url), "stopped before its end");
  }
  if (exchange.outcome.stopped) return std::move(exchange.outcome);
  if (code != CURLE_OK) {
    long system_error = 0;
    state.api->easy_getinfo(state.handle, CURLINFO_OS_ERRNO, &system_error);
    return plain_error(code, system_error, transfer.url,
                       detail[0] != '\0' ? detail : state.api->easy_strerror(code));
  }
  exchange.tell_head();
  return std::move(exchange.outcome);
}

HttpClient::HttpClient(ClientOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Result<Reply> HttpClient::call(const Call& call) {
  Reply reply;
  Transfer transfer;
  transfer.method = call.method;
  transfer.url = call.url;
  transfer.headers = call.headers;
  transfer.body = call.body;
  transfer.whole_timeout = state_->options.timeout;
  transfer.on_body = [&](std::string_view piece) {
    if (piece.size() > call.answer_limit.value - reply.body.size()) return false;
    reply.body.append(piece);
    return true;
  };
  MEDPERF_TRY(auto outcome, run_transfer(*state_, transfer));
  if (outcome.stopped) {
    return make_error(ErrorKind::kTooLarge, plain_url(call.url),
                      "the answer is larger than " + to_string(call.answer_limit));
  }
  reply.status = outcome.status;
  reply.headers = std::move(outcome.headers);
  return reply;
}

}  // namespace medperf::net
