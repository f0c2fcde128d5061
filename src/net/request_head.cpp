#include "net/request_head.h"

#include <algorithm>

#include "base/encoding.h"

namespace medperf::net {
namespace {

constexpr std::size_t kLongestMethod = 24;
constexpr std::size_t kLongestNumber = 18;  // always fits 64 bits

HeadScan refuse(int status, std::string_view detail) {
  return {0, status, detail};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool same_name(std::string_view given, std::string_view lower) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  return std::equal(given.begin(), given.end(), lower.begin(), lower.end(), same);
}

/// What decides where the request ends and whom it is for.
struct Framing {
  bool old_version = false;
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
};

HeadScan check_request_line(std::string_view line, const HeadLimits& limits, Framing& framing) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == last || !is_token(line.substr(0, first)) || first > kLongestMethod) {
    return refuse(400, "The request line is not METHOD, target, HTTP/1.1.");
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (target.size() > limits.target) return refuse(414, "The request target is too long.");
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  if (target.empty() || !std::all_of(target.begin(), target.end(), plain)) {
    return refuse(400, "The request target has characters that must be percent-encoded.");
  }
  framing.old_version = version == "HTTP/1.0";
  if (version == "HTTP/1.1" || framing.old_version) return {};
  if (version.starts_with("HTTP/") && version.size() == 8) {
    return refuse(505, "This server speaks HTTP/1.1.");
  }
  return refuse(400, "The request line is not METHOD, target, HTTP/1.1.");
}

HeadScan check_field(std::string_view name, std::string_view value, Framing& framing) {
  if (same_name(name, "host")) {
    if (++framing.hosts > 1) return refuse(400, "The header host is given twice.");
    if (!is_host(value)) return refuse(400, "The header host is not a host name.");
  } else if (same_name(name, "content-length")) {
    const bool number = !value.empty() && value.size() <= kLongestNumber &&
                        std::all_of(value.begin(), value.end(), is_digit);
    if (++framing.lengths > 1 || !number) {
      return refuse(400, "The header content-length is not one number.");
    }
  } else if (same_name(name, "transfer-encoding")) {
    if (++framing.encodings > 1 || !same_name(value, "chunked")) {
      return refuse(400, "The only transfer-encoding that is understood is chunked.");
    }
  } else if (same_name(name, "expect") && !same_name(value, "100-continue")) {
    return refuse(417, "The only expectation that is understood is 100-continue.");
  }
  return {};
}

HeadScan check_line(std::string_view line, Framing& framing) {
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse(400, "A header is folded over two lines.");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refuse(400, "A header line is not name: value.");
  }
  return check_field(line.substr(0, colon), trim(line.substr(colon + 1)), framing);
}

HeadScan check_framing(const Framing& framing) {
  if (framing.hosts == 0 && !framing.old_version) return refuse(400, "The header host is missing.");
  if (framing.encodings > 0 && (framing.lengths > 0 || framing.old_version)) {
    return refuse(400, "Transfer-encoding goes neither with content-length nor with HTTP/1.0.");
  }
  return {};
}

}  // namespace

HeadScan scan_head(std::string_view received, std::size_t scanned, const HeadLimits& limits) {
  for (std::size_t i = scanned; i < received.size(); ++i) {
    const auto byte = static_cast<unsigned char>(received[i]);
    if (byte >= 0x20 && byte != 0x7f) continue;
    if (byte == '\n') {
      if (i == 0 || received[i - 1] != '\r') {
        return refuse(400, "Lines end with CR and LF.");
      }
      const bool empty = i >= 3 && received[i - 2] == '\n';
      if (i == 1) return refuse(400, "The request line is empty.");
      if (empty)
        return i + 1 > limits.head ? refuse(431, "The request headers are too large.")
                                   : HeadScan{i + 1, 0, {}};
    } else if (byte == '\r') {
      if (i + 1 < received.size() && received[i + 1] != '\n') {
        return refuse(400, "Lines end with CR and LF.");
      }
    } else if (byte != '\t') {
      return refuse(400, "The request head has control characters.");
    }
  }
  const std::string_view first_line = received.substr(0, received.find('\r'));
  if (first_line.size() > limits.target + kLongestMethod + 10) {
    return refuse(414, "The request target is too long.");
  }
  if (received.size() >= limits.head) return refuse(431, "The request headers are too large.");
  return {};
}

HeadScan check_head(std::string_view head, const HeadLimits& limits) {
  Framing framing;
  std::size_t lines = 0;
  for (std::string_view rest = head; !rest.empty(); ++lines) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    if (line.empty()) break;
    if (lines > limits.lines) return refuse(431, "The request has too many headers.");
    const HeadScan checked =
        lines == 0 ? check_request_line(line, limits, framing) : check_line(line, framing);
    if (checked.status != 0) return checked;
  }
  const HeadScan checked = check_framing(framing);
  return checked.status != 0 ? checked : HeadScan{head.size(), 0, {}};
}

bool is_host(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || std::string_view(".-_:[]").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace medperf::net
