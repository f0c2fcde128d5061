#pragma once
// The cookie of browser sessions and what protects requests that carry it.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "hub/store/sessions.h"
#include "net/http_types.h"

namespace medperf::hub {

/// The prefix makes browsers demand Secure, the whole path and no domain.
inline constexpr std::string_view kSessionCookie = "__Host-medperf-session";
inline constexpr std::string_view kCsrfHeader = "x-csrf-token";
inline constexpr Seconds kSessionIdle{3600};
inline constexpr Seconds kSessionLifetime{12 * 3600};

/// After an hour without a request, or twelve in all.
bool has_ended(const BrowserSession& session, Timestamp now);

/// The session's secret, or "".
std::string session_cookie(const net::Request& request);
std::string set_session_cookie(std::string_view secret);
std::string clear_session_cookie();

/// The text that pages of this session send with every write. It follows from the cookie's secret,
/// which no script can read.
std::string csrf_token(std::string_view session_secret);

/// Scheme, host and port under which a browser knows this hub.
std::string own_origin(const net::Request& request, std::string_view public_url,
                       bool trust_forwarded);
/// Whether a page of this hub sent the request.
bool comes_from(const net::Request& request, std::string_view origin);

}  // namespace medperf::hub
