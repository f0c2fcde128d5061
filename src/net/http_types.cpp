#include "net/http_types.h"

#include <algorithm>

#include "base/encoding.h"
#include "net/target.h"

namespace medperf::net {
namespace {

bool is_unreserved(char c) {  // RFC 3986 section 2.3
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error bad_target(std::string what) {
  return make_error(ErrorKind::kInvalid, "request target", std::move(what),
                    "Percent-encode it as UTF-8.");
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 15U];
    }
  }
  return encoded;
}

std::string to_query_text(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + "=" + percent_encode(value);
  }
  return text;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return bad_target("it has a '%' without two hexadecimal digits");
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(decoded.begin(), decoded.end(), is_control)) {
    return bad_target("it has control characters");
  }
  if (!is_valid_utf8(decoded)) return bad_target("it is not UTF-8");
  return decoded;
}

Result<Query> parse_query(std::string_view text, std::size_t limit) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (query.size() == limit) {
      return bad_target("it has more than " + std::to_string(limit) + " parameters");
    }
    const std::size_t equals = piece.find('=');
    const bool has_value = equals != std::string_view::npos;
    MEDPERF_TRY(auto name, percent_decode(piece.substr(0, equals), true));
    MEDPERF_TRY(auto value, percent_decode(has_value ? piece.substr(equals + 1) : "", true));
    query.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

namespace {

/// The decoded path; what proxies and servers resolve in different ways is refused.
Result<std::string> decode_path(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view escape = text.substr(at, 3);
    if (escape == "%2f" || escape == "%2F") return bad_target("its path has an encoded slash");
  }
  MEDPERF_TRY(auto path, percent_decode(text));
  for (const auto part : split(path, '/')) {
    if (part == "." || part == "..") return bad_target("its path has a part '.' or '..'");
  }
  return path;
}

}  // namespace

Result<Target> parse_target(std::string_view text, std::size_t query_limit) {
  Target target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    const std::size_t path = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, path);
    if (target.authority.empty()) return bad_target("it has no host");
    text.remove_prefix(path);
    if (text.empty()) text = "/";
    break;
  }
  text = text.substr(0, text.find('#'));
  const std::size_t mark = text.find('?');
  MEDPERF_TRY(target.path, decode_path(text.substr(0, mark)));
  if (target.path.empty() && mark == 0) target.path = "/";
  if (!target.path.starts_with('/')) return bad_target("it does not start with '/'");
  if (mark != std::string_view::npos) {
    MEDPERF_TRY(target.query, parse_query(text.substr(mark + 1), query_limit));
  }
  return target;
}

}  // namespace medperf::net
