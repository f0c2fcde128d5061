// Writing YAML that both YAML 1.2 and the YAML 1.1 of Python readers take for the same values.
#include "base/yaml.h"

#include <algorithm>

#include "base/encoding.h"

namespace medperf {
namespace {

bool is_plain_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
}

bool is_plain(char c) {
  return is_plain_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '+';
}

/// Words that YAML 1.2 or 1.1 reads as a truth value or null, in any case.
bool is_reserved_word(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const std::string_view word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
    if (lower == word) return true;
  return false;
}

/// True when `text` needs no quotes: letters first, so that it is no number or date in any schema.
bool is_plain_text(std::string_view text) {
  if (text.empty() || !is_plain_start(text.front()) || text.back() == ' ') return false;
  if (is_reserved_word(text)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_plain(c) || c == ' '; });
}

/// Escapes what JSON text may hold raw but YAML text may not, or takes for a line break: DEL, the
/// C1 controls, U+2028, U+2029 and the byte order mark.
std::string escape_for_yaml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto two = text.substr(i, 2);
    const auto three = text.substr(i, 3);
    if (text[i] == '\x7f') {
      out += "\\u007f";
    } else if (two.size() == 2 && two[0] == '\xc2' && static_cast<unsigned char>(two[1]) < 0xa0) {
      out += "\\u00" + to_hex(two.substr(1));
      i += 1;
    } else if (three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9") {
      out += three[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (three == "\xef\xbb\xbf") {
      out += "\\ufeff";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string scalar(const Json& value) {
  if (value.is_string() && is_plain_text(value.as_string())) return value.as_string();
  // JSON text is YAML, double-quoted where it is a string.
  std::string text = escape_for_yaml(to_text(value));
  if (value.is_double() && text.find('.') == std::string::npos) {
    // YAML 1.1 needs the point: 1e+16 would be read as text.
    const auto exponent_at = text.find('e');
    if (exponent_at != std::string::npos) text.insert(exponent_at, ".0");
  }
  return text;
}

std::string key_text(const std::string& key) {
  return scalar(Json(key));
}

bool is_block(const Json& value) {
  return (value.is_array() && !value.items().empty()) ||
         (value.is_object() && !value.members().empty());
}

void append_block(std::string& out, const Json& value, std::size_t indent);

void append_members(std::string& out, const Json::Object& members, std::size_t indent,
                    bool first_is_placed) {
  std::vector<const Json::Member*> order;
  order.reserve(members.size());
  for (const auto& member : members) order.push_back(&member);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* member : order) {
    if (!first_is_placed) out.append(indent, ' ');
    first_is_placed = false;
    // An explicit key ("? key"), since YAML allows only 1024 characters before a bare ':'.
    const std::string key = key_text(member->first);
    out += key.size() > 1000 ? "? " + key + "\n" + std::string(indent, ' ') + ":" : key + ":";
    if (is_block(member->second)) {
      out += '\n';
      append_block(out, member->second, indent + 2);
    } else {
      out += " " + scalar(member->second) + "\n";
    }
  }
}

void append_block(std::string& out, const Json& value, std::size_t indent) {
  if (value.is_object()) return append_members(out, value.members(), indent, false);
  for (const auto& item : value.items()) {
    out.append(indent, ' ');
    out += '-';
    if (item.is_object() && is_block(item)) {
      out += ' ';
      append_members(out, item.members(), indent + 2, true);
    } else if (is_block(item)) {
      out += '\n';
      append_block(out, item, indent + 2);
    } else {
      out += " " + scalar(item) + "\n";
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  append_block(out, value, 0);
  return out;
}

}  // namespace medperf
