#pragma once
// HTTP messages as plain values, shared by server and client.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medperf::net {

/// Header names are stored in lower case.
using Headers = std::map<std::string, std::string, std::less<>>;
using Query = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  ///< "GET"
  std::string path;    ///< percent-decoded, starts with '/'
  Query query;         ///< percent-decoded, in order
  Headers headers;
  std::string body;
  std::string peer;        ///< address of the other end
  std::string network;     ///< what limits by address count as one: IPv4 address or IPv6 /64
  std::string request_id;  ///< made by the server, or taken from X-Request-Id when well-formed
  std::string scheme;      ///< "https" or "http" (X-Forwarded-Proto when configured as trusted)
  std::string_view header(std::string_view lower_case_name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
};

/// Encodes all but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);
/// Query text "a=b&c=d" in the given order.
std::string to_query_text(const Query& query);

}  // namespace medperf::net
