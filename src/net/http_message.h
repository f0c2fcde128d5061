#pragma once
// Between Beast's messages and ours.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/beast.h"
#include "net/http_server.h"
#include "net/http_types.h"

namespace medperf::net {

using Parser = http::request_parser<http::string_body>;

/// The answer to what the server itself refuses: {"detail": "..."}.
Response refusal(int status, std::string_view detail);
/// The refusal for an error of reading a request; status 0: close without a word.
Response refusal_of(const error_code& error);
/// The refusal of a connection: 429 (too many of one address) or 503 (too many at all).
Response refusal_of_connection(int status);
/// 500 with the request's id, for a handler that threw.
Response failure_answer(std::string_view request_id);

/// True for 1 to 64 of A-Z a-z 0-9 . _ -
bool is_request_id(std::string_view text);
/// Translates the head of a parsed request. `peer` is the socket's other end. Errors: invalid, with
/// the reason for a 400.
Result<Request> to_request(const http::request_header<>& message, std::string peer, bool tls,
                           const ServerOptions& options);

struct Outgoing {
  unsigned version = 11;
  bool head = false;  ///< leave the body out
  bool keep_alive = true;
  std::string request_id;
  std::string date;
};
/// The message to write. Header values lose control characters, so none can start a new line.
http::response<http::string_body> to_message(Response response, const Outgoing& outgoing);

}  // namespace medperf::net
