#pragma once
// The head of a request (RFC 9112 sections 2 to 6), checked before the parser sees it. What one
// server reads as the end of a request and another does not is how requests are smuggled past a
// proxy, so whatever is unusual there is refused, even where the RFC lets a server repair it.

#include <cstddef>
#include <string_view>

namespace medperf::net {

struct HeadLimits {
  std::size_t head = 32U << 10U;   ///< bytes of the request line and the header lines
  std::size_t target = 8U << 10U;  ///< bytes of the request target
  std::size_t lines = 100;         ///< header lines
};

/// What is known about the bytes that have arrived.
struct HeadScan {
  std::size_t end = 0;           ///< bytes up to and with the empty line; 0: not there yet
  int status = 0;                ///< of the refusal; 0: nothing wrong so far
  std::string_view detail = {};  ///< of the refusal
};

/// Looks at the bytes from `scanned` on (those before were seen) for the end of the head. Refuses
/// what can never become a request without waiting for the rest: 400, 414, 431.
HeadScan scan_head(std::string_view received, std::size_t scanned, const HeadLimits& limits);

/// Checks a whole head. 400: a line that is not "name: value", a folded line, Host missing, twice
/// or malformed, Content-Length that is not one number, Transfer-Encoding other than "chunked" or
/// beside Content-Length. 414, 417, 431, 505 (not HTTP/1.0 or 1.1).
HeadScan check_head(std::string_view head, const HeadLimits& limits);

/// True for a name or address with an optional port, as in Host.
bool is_host(std::string_view text);

}  // namespace medperf::net
