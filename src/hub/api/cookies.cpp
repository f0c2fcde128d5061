#include "hub/api/cookies.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/sha256.h"

namespace medperf::hub {

namespace {

constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Lax";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

/// Scheme, host and port of a URL, without the scheme's own port.
std::string origin_of(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  std::string origin = lower_case(url.substr(0, url.find_first_of("/?#", scheme_end + 3)));
  const std::string_view port = origin.starts_with("https:") ? ":443" : ":80";
  if (origin.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

}  // namespace

bool has_ended(const BrowserSession& session, Timestamp now) {
  const auto idle = static_cast<std::int64_t>(kSessionIdle.count() * 1e6);
  return session.expires_at <= now || session.last_seen_at.microseconds + idle <= now.microseconds;
}

std::string session_cookie(const net::Request& request) {
  for (const auto part : split(request.header("cookie"), ';')) {
    const std::string_view pair = trim(part);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == kSessionCookie) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

std::string set_session_cookie(std::string_view secret) {
  return std::string(kSessionCookie) + "=" + std::string(secret) + std::string(kAttributes) +
         "; Max-Age=" + std::to_string(static_cast<std::int64_t>(kSessionLifetime.count()));
}

std::string clear_session_cookie() {
  return std::string(kSessionCookie) + "=" + std::string(kAttributes) + "; Max-Age=0";
}

std::string csrf_token(std::string_view session_secret) {
  return crypto::sha256_hex("csrf token of session " + std::string(session_secret));
}

std::string own_origin(const net::Request& request, std::string_view public_url,
                       bool trust_forwarded) {
  if (!public_url.empty()) return origin_of(public_url);
  std::string_view host = request.header("host");
  if (trust_forwarded && !request.header("x-forwarded-host").empty()) {
    host = request.header("x-forwarded-host");
  }
  return origin_of(request.scheme + "://" + std::string(host));
}

bool comes_from(const net::Request& request, std::string_view origin) {
  return !origin.empty() && origin_of(request.header("origin")) == origin;
}

}  // namespace medperf::hub
