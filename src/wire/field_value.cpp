#include "wire/field_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "domain/messages.h"

namespace medperf::wire {
namespace {

using domain::Field;
using domain::FieldType;
using domain::FieldValue;
using domain::JsonText;

constexpr std::string_view kNullCharacters = "Null characters are not allowed.";

// White space as the existing hub trims it: Unicode's, in UTF-8.
std::size_t space_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if ((byte >= 0x09 && byte <= 0x0D) || (byte >= 0x1C && byte <= 0x20)) return 1;
  static constexpr std::array<std::string_view, 19> kWide = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
      "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
      "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  for (const std::string_view space : kWide) {
    if (text.substr(at, space.size()) == space) return space.size();
  }
  return 0;
}

std::string_view strip(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t length = space_at(text, begin);
    if (length == 0) break;
    begin += length;
  }
  std::size_t end = begin;  // after the last character that is no space
  for (std::size_t i = begin; i < text.size();) {
    const std::size_t length = space_at(text, i);
    i += length == 0 ? 1 : length;
    if (length == 0) end = i;
  }
  return text.substr(begin, end - begin);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The text the existing hub makes of a number: shortest digits, an exponent below 1e-4 and from
// 1e16.
std::string number_text(const Json& number) {
  if (number.is_int()) return std::to_string(number.as_int());
  const double value = number.as_double();
  const double size = std::fabs(value);
  const bool fixed = value == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.data(), end.ptr);
  if (fixed && text.find('.') == std::string::npos) text += ".0";
  return text;
}

FieldReading read_text(const Field& field, const Json& value) {
  std::string text;
  if (value.is_string()) {
    text = value.as_string();
  } else if (value.is_number()) {
    text = number_text(value);
  } else {
    return std::string(domain::kTextMessage);
  }
  text = std::string(strip(text));
  if (text.empty() && !field.blank) return std::string(domain::kBlankMessage);
  if (text.find('\0') != std::string::npos) return std::string(kNullCharacters);
  if (field.max_length > 0 && characters(text) > static_cast<std::size_t>(field.max_length)) {
    return domain::max_length_message(field.max_length);
  }
  return FieldValue(std::move(text));
}

FieldReading read_boolean(const Json& value) {
  static constexpr std::array<std::string_view, 12> kTrue = {
      "t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "1"};
  static constexpr std::array<std::string_view, 12> kFalse = {
      "f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "0"};
  if (value.is_bool()) return FieldValue(value.as_bool());
  if (value.is_number()) {
    if (value.as_double() == 1) return FieldValue(true);
    if (value.as_double() == 0) return FieldValue(false);
  }
  if (value.is_string()) {
    const auto is_one_of = [&value](const auto& words) {
      return std::find(words.begin(), words.end(), value.as_string()) != words.end();
    };
    if (is_one_of(kTrue) || value.as_string() == "On" || value.as_string() == "ON") {
      return FieldValue(true);
    }
    if (is_one_of(kFalse) || value.as_string() == "Off" || value.as_string() == "OFF") {
      return FieldValue(false);
    }
  }
  return std::string(domain::kBooleanMessage);
}

// Decimal digits with an optional sign, white space around, and (as the existing hub allows) a
// fraction of zeros.
std::optional<std::int64_t> integer_of(std::string_view text, bool zero_fraction) {
  text = strip(text);
  if (const auto dot = text.find('.'); zero_fraction && dot != std::string_view::npos) {
    if (text.find_first_not_of('0', dot + 1) != std::string_view::npos) return std::nullopt;
    text = text.substr(0, dot);
  }
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) {
    return text[0] == '-' ? std::numeric_limits<std::int64_t>::min()
                          : std::numeric_limits<std::int64_t>::max();
  }
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

FieldReading read_integer(const Json& value) {
  constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
  std::optional<std::int64_t> number;
  if (value.is_number()) number = integer_of(number_text(value), true);
  if (value.is_string()) number = integer_of(value.as_string(), true);
  if (!number.has_value()) return std::string(domain::kIntegerMessage);
  if (*number > kHighest) {
    return "Ensure this value is less than or equal to " + std::to_string(kHighest) + ".";
  }
  if (*number < kLowest) {
    return "Ensure this value is greater than or equal to " + std::to_string(kLowest) + ".";
  }
  return FieldValue(*number);
}

FieldReading read_reference(const Json& value) {
  std::optional<std::int64_t> number;
  if (value.is_int()) number = value.as_int();
  if (value.is_double()) number = integer_of(number_text(value), true);
  if (value.is_string()) number = integer_of(value.as_string(), false);
  if (!number.has_value()) return domain::reference_type_message(value.type_name());
  return FieldValue(*number);
}

FieldReading read_choice(const Field& field, const Json& value) {
  std::string text;
  if (value.is_string()) {
    text = value.as_string();
  } else if (value.is_bool()) {
    text = value.as_bool() ? "True" : "False";
  } else {
    text = value.is_number() ? number_text(value) : to_text(value);
  }
  const auto found = std::find(field.choices.begin(), field.choices.end(), text);
  if (found == field.choices.end()) return domain::choice_message(text);
  return FieldValue(std::move(text));
}

FieldReading read_json(const Field& field, const Json& value) {
  if (field.text_list) {
    if (!value.is_array()) return domain::list_message(value.type_name());
    const auto& items = value.items();
    if (!std::all_of(items.begin(), items.end(), [](const Json& i) { return i.is_string(); })) {
      return std::string(domain::kTextMessage);
    }
  }
  std::string bytes = to_text(value);
  const int limit = field.max_length > 0 ? field.max_length : domain::kJsonBytes;
  if (bytes.size() > static_cast<std::size_t>(limit)) return domain::max_bytes_message(limit);
  return FieldValue(JsonText{std::move(bytes)});
}

FieldReading read_time(const Json& value) {
  if (value.is_string()) {
    const auto time = parse_iso8601(value.as_string());
    if (time.ok()) return FieldValue(*time);
  }
  return std::string("Expected a time such as \"2026-01-02T03:04:05.123456Z\".");
}

FieldReading null_or_message(const Field& field) {
  if (field.nullable) return FieldValue();
  return std::string(domain::kNullMessage);
}

}  // namespace

FieldReading read_field(const Field& field, const Json& value) {
  // An empty reference means none, as a form would send it.
  const bool empty_reference =
      field.type == FieldType::kReference && value.is_string() && value.as_string().empty();
  if (value.is_null() || empty_reference) return null_or_message(field);
  switch (field.type) {
    case FieldType::kText:
      return read_text(field, value);
    case FieldType::kBoolean:
      return read_boolean(value);
    case FieldType::kInteger:
      return read_integer(value);
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return read_reference(value);
    case FieldType::kJson:
      return read_json(field, value);
    case FieldType::kTime:
      return read_time(value);
    case FieldType::kChoice:
      return read_choice(field, value);
  }
  return std::string(domain::kTextMessage);
}

FieldReading read_answered_field(const Field& field, const Json& value) {
  if (value.is_null()) return FieldValue();
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kChoice:
      if (value.is_string()) return FieldValue(value.as_string());
      return "expected text, found " + std::string(value.type_name());
    case FieldType::kBoolean:
      if (value.is_bool()) return FieldValue(value.as_bool());
      return "expected true or false, found " + std::string(value.type_name());
    case FieldType::kReference:
      if (const Json* id = value.find("id"); id != nullptr && id->is_int()) {
        return FieldValue(id->as_int());
      }
      [[fallthrough]];
    case FieldType::kInteger:
    case FieldType::kIdentifier:
      if (value.is_int()) return FieldValue(value.as_int());
      return "expected an integer, found " + std::string(value.type_name());
    case FieldType::kJson:
      return FieldValue(JsonText{to_text(value)});
    case FieldType::kTime:
      return read_time(value);
  }
  return std::string("of an unknown type");
}

std::string field_text(const FieldValue& value) {
  if (const auto* json = std::get_if<JsonText>(&value)) return json->bytes;
  return to_text(field_json(value));
}

Json field_json(const FieldValue& value) {
  struct Writer {
    Json operator()(std::monostate) const { return {}; }
    Json operator()(bool flag) const { return flag; }
    Json operator()(std::int64_t number) const { return number; }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(const JsonText& text) const { return parse_json(text.bytes).value_or(Json()); }
    Json operator()(Timestamp time) const { return to_iso8601(time); }
  };
  return std::visit(Writer{}, value);
}

}  // namespace medperf::wire
