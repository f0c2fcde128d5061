// Writing JSON: compact, for people, and canonical (RFC 8785).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "base/encoding.h"
#include "base/json.h"
#include "base/json_writing.h"

namespace medperf {
namespace {

/// The shortest decimal digits that read back as the same double: value = 0.d1d2d3... * 10^point.
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 0;
};

Decimal shortest_decimal(double value) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  Decimal decimal;
  if (text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  const auto exponent_at = text.find('e');
  for (const char c : text.substr(0, exponent_at))
    if (c != '.') decimal.digits += c;
  std::string_view exponent = text.substr(exponent_at + 1);
  if (exponent.front() == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.point);
  decimal.point += 1;
  return decimal;
}

std::string exponent_form(const Decimal& decimal, int minimum_digits) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += "." + decimal.digits.substr(1);
  const int exponent = decimal.point - 1;
  const std::string digits = std::to_string(std::abs(exponent));
  text += exponent < 0 ? "e-" : "e+";
  for (int i = static_cast<int>(digits.size()); i < minimum_digits; ++i) text += '0';
  return text + digits;
}

std::string fixed_form(const Decimal& decimal) {
  const int count = static_cast<int>(decimal.digits.size());
  if (decimal.point <= 0)
    return "0." + std::string(static_cast<std::size_t>(-decimal.point), '0') + decimal.digits;
  if (decimal.point >= count)
    return decimal.digits + std::string(static_cast<std::size_t>(decimal.point - count), '0');
  const auto split_at = static_cast<std::size_t>(decimal.point);
  return decimal.digits.substr(0, split_at) + "." + decimal.digits.substr(split_at);
}

void require_finite(double value) {
  if (!std::isfinite(value)) throw std::logic_error("a JSON number is not finite");
}

/// ECMA-262 Number::toString, as RFC 8785 section 3.2.2.3 asks.
std::string ecmascript_number(double value) {
  require_finite(value);
  if (value == 0) return "0";  // also minus zero
  const Decimal decimal = shortest_decimal(value);
  const bool fixed = decimal.point > -6 && decimal.point <= 21;
  return (decimal.negative ? "-" : "") + (fixed ? fixed_form(decimal) : exponent_form(decimal, 1));
}

/// As Python's repr, which existing clients and hubs send: always a point or an exponent.
std::string python_number(double value) {
  require_finite(value);
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  const Decimal decimal = shortest_decimal(value);
  const std::string sign = decimal.negative ? "-" : "";
  if (decimal.point <= -4 || decimal.point > 16) return sign + exponent_form(decimal, 2);
  std::string text = fixed_form(decimal);
  if (text.find('.') == std::string::npos) text += ".0";
  return sign + text;
}

/// UTF-16 order equals UTF-8 byte order but for characters beyond U+FFFF, whose surrogates
/// (D800-DFFF) sort before U+E000-U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (y == b.end()) return false;
  if (x == a.end()) return true;
  const auto left = static_cast<unsigned char>(*x);
  const auto right = static_cast<unsigned char>(*y);
  const bool left_is_pair = left >= 0xf0;
  const bool right_is_pair = right >= 0xf0;
  if (left_is_pair != right_is_pair) {
    // 0xee and 0xef begin U+E000-U+FFFF; everything below sorts before the surrogates.
    if (left_is_pair) return right >= 0xee;
    return left < 0xee;
  }
  return left < right;
}

constexpr std::size_t kUsualText = 512;

enum class Form { kCompact, kPretty, kCanonical };

class Writer {
 public:
  explicit Writer(Form form) : form_(form) {}

  void write(const Json& value, int depth) {
    if (value.is_null()) {
      out_.append("null");
    } else if (value.is_bool()) {
      out_.append(value.as_bool() ? "true" : "false");
    } else if (value.is_int()) {
      write_integer(value.as_int());
    } else if (value.is_double()) {
      out_.append(form_ == Form::kCanonical ? ecmascript_number(value.as_double())
                                            : python_number(value.as_double()));
    } else if (value.is_string()) {
      append_json_string(out_, value.as_string());
    } else if (value.is_array()) {
      write_array(value.items(), depth);
    } else {
      write_object(value.members(), depth);
    }
  }

  std::string text() const { return std::string(out_.text()); }

 private:
  void write_integer(std::int64_t value) {
    // RFC 8785 numbers are doubles; beyond 2^53 an integer's digits may not be one.
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    if (form_ == Form::kCanonical && (value > kExact || value < -kExact))
      out_.append(ecmascript_number(static_cast<double>(value)));
    else
      append_integer(out_, value);
  }

  void new_line(int depth) {
    if (form_ != Form::kPretty) return;
    out_.append('\n');
    out_.append(std::string(static_cast<std::size_t>(depth) * 2, ' '));
  }

  void write_array(const Json::Array& items, int depth) {
    out_.append('[');
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.append(',');
      first = false;
      new_line(depth + 1);
      write(item, depth + 1);
    }
    if (!first) new_line(depth);
    out_.append(']');
  }

  void write_object(const Json::Object& members, int depth) {
    std::vector<const Json::Member*> order;
    order.reserve(members.size());
    for (const auto& member : members) order.push_back(&member);
    if (form_ == Form::kCanonical) {
      std::sort(order.begin(), order.end(),
                [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
    }
    out_.append('{');
    bool first = true;
    for (const auto* member : order) {
      if (!first) out_.append(',');
      first = false;
      new_line(depth + 1);
      append_json_string(out_, member->first);
      out_.append(form_ == Form::kPretty ? ": " : ":");
      write(member->second, depth + 1);
    }
    if (!first) new_line(depth);
    out_.append('}');
  }

  Form form_;
  TextBuffer out_{kUsualText};
};

std::string written(const Json& value, Form form) {
  Writer writer(form);
  writer.write(value, 0);
  return writer.text();
}

}  // namespace

std::string to_text(const Json& value) {
  return written(value, Form::kCompact);
}
std::string to_pretty_text(const Json& value) {
  return written(value, Form::kPretty);
}
std::string to_canonical(const Json& value) {
  return written(value, Form::kCanonical);
}

}  // namespace medperf
