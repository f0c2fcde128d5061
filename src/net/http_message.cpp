#include "net/http_message.h"

#include <algorithm>

#include "base/encoding.h"
#include "net/request_head.h"
#include "net/server_context.h"
#include "net/target.h"

namespace medperf::net {
namespace {

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

Status add_header(Headers& headers, std::string name, std::string_view value) {
  const auto [place, added] = headers.emplace(std::move(name), value);
  if (added) return {};
  // Two of these could be read one way by a proxy and another way here.
  for (const std::string_view single : {"host", "authorization", "content-type"}) {
    if (place->first == single) {
      return make_error(ErrorKind::kInvalid, place->first, "the header is given twice");
    }
  }
  place->second += place->first == "cookie" ? "; " : ", ";
  place->second += value;
  return {};
}

/// The last element: the one our own proxy added.
std::string_view last_of_list(std::string_view list) {
  const std::size_t comma = list.rfind(',');
  return trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

}  // namespace

Response refusal(int status, std::string_view detail) {
  Response response;
  response.status = status;
  response.body = "{\"detail\":\"" + std::string(detail) + "\"}";
  return response;
}

Response refusal_of(const error_code& error) {
  if (error == http::error::body_limit) return refusal(413, "The request body is too large.");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(431, "The request headers are too large.");
  }
  const bool is_http_error =
      error.category() == make_error_code(http::error::bad_method).category();
  if (!is_http_error || error == http::error::end_of_stream ||
      error == http::error::partial_message) {
    return refusal(0, "");
  }
  return refusal(400, "The request is not valid HTTP/1.1.");
}

Response refusal_of_connection(int status) {
  Response response = status == 429 ? refusal(429, "Too many connections from this address.")
                                    : refusal(503, "Too many connections. Try again later.");
  response.headers["Retry-After"] = "2";
  return response;
}

Response failure_answer(std::string_view request_id) {
  Response response;
  response.status = 500;
  response.body = "{\"detail\":\"An error on our side. Please report it with the request id.\"," +
                  std::string("\"request_id\":\"") + std::string(request_id) + "\"}";
  return response;
}

bool is_request_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

Result<Request> to_request(const http::request_header<>& message, std::string peer, bool tls,
                           const ServerOptions& options) {
  Request request;
  request.method =
      message.method() == http::verb::head ? "GET" : std::string(message.method_string());
  MEDPERF_TRY(auto target,
              parse_target(message.target(), static_cast<std::size_t>(options.query_limit)));
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (const auto& field : message) {
    MEDPERF_CHECK(add_header(request.headers, lower_case(field.name_string()), field.value()));
  }
  if (!target.authority.empty() && target.authority != request.header("host")) {
    return make_error(ErrorKind::kInvalid, "host", "the header and the request target differ");
  }
  request.peer = std::move(peer);
  request.scheme = tls ? "https" : "http";
  if (options.trust_forwarded) {
    const std::string_view origin = last_of_list(request.header("x-forwarded-for"));
    if (!origin.empty()) request.peer = printable(origin, 64);
    const std::string_view scheme = last_of_list(request.header("x-forwarded-proto"));
    if (scheme == "https" || scheme == "http") request.scheme = scheme;
    const std::string_view host = request.header("x-forwarded-host");
    if (!host.empty() && !is_host(host)) {
      return make_error(ErrorKind::kInvalid, "x-forwarded-host", "it is not a host name");
    }
  }
  error_code not_an_address;
  const auto address = asio::ip::make_address(request.peer, not_an_address);
  request.network = not_an_address ? request.peer : network_of(address);
  if (is_request_id(request.header("x-request-id"))) {
    request.request_id = request.header("x-request-id");
  }
  return request;
}

http::response<http::string_body> to_message(Response response, const Outgoing& outgoing) {
  http::response<http::string_body> message;
  message.version(outgoing.version);
  message.result(static_cast<unsigned>(response.status));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  for (auto& [name, value] : response.headers) {
    std::erase_if(value, control);
    message.set(name, value);
  }
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (bodiless) response.body.clear();
  if (!response.content_type.empty() && !bodiless) {
    std::erase_if(response.content_type, control);
    message.set(http::field::content_type, response.content_type);
  }
  message.set(http::field::date, outgoing.date);
  message.set("X-Request-Id", outgoing.request_id);
  message.keep_alive(outgoing.keep_alive);
  if (!bodiless) message.content_length(response.body.size());
  if (!outgoing.head) message.body() = std::move(response.body);
  return message;
}

}  // namespace medperf::net
