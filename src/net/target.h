#pragma once
// Request targets (RFC 9112 section 3.2): path and query, percent-decoded (RFC 3986 section 2.1).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_types.h"

namespace medperf::net {

/// Decodes %XX, and '+' as a space when `plus_is_space` (form encoding). Errors: invalid for a
/// broken escape, bytes that are not UTF-8, and control characters.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
inline constexpr std::size_t kLargestQuery = 1000;
/// Parses "a=b&c"; empty pieces are left out, a name without '=' has an empty value. At most
/// `limit` parameters.
Result<Query> parse_query(std::string_view text, std::size_t limit = kLargestQuery);

struct Target {
  std::string authority;  ///< of the absolute form
  std::string path;
  Query query;
};
/// Origin form ("/path?query") or absolute form ("https://host/path?query"). Errors: invalid, also
/// for "." and ".." as parts of the path and for an encoded slash, which proxies read differently.
Result<Target> parse_target(std::string_view text, std::size_t query_limit = kLargestQuery);

}  // namespace medperf::net
