// The only file that knows yaml-cpp. Its parser drives a handler that builds our own values, so
// that limits act while reading (aliases are copied and counted) and no tree of the library is
// made.
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/encoding.h"

namespace medperf {
namespace {

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kDecimal = "0123456789";

/// YAML 1.2 core schema: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_core_float(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const auto exponent_at = text.find_first_of("eE");
  if (exponent_at != std::string_view::npos) {
    std::string_view exponent = text.substr(exponent_at + 1);
    if (!exponent.empty() && (exponent.front() == '-' || exponent.front() == '+'))
      exponent.remove_prefix(1);
    if (!all_of(exponent, kDecimal)) return false;
    text = text.substr(0, exponent_at);
  }
  const auto point_at = text.find('.');
  if (point_at == std::string_view::npos) return all_of(text, kDecimal);
  const std::string_view whole = text.substr(0, point_at);
  const std::string_view fraction = text.substr(point_at + 1);
  if (whole.empty()) return all_of(fraction, kDecimal);
  return all_of(whole, kDecimal) && (fraction.empty() || all_of(fraction, kDecimal));
}

std::optional<Json> number_in_base(std::string_view digits, int base) {
  std::int64_t value = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size()) return std::nullopt;
  return Json(value);
}

std::optional<Json> core_number(std::string_view text) {
  if (text.size() > 2 && text.front() == '0' && text[1] == 'x' && text[2] != '-')
    return number_in_base(text.substr(2), 16);
  if (text.size() > 2 && text.front() == '0' && text[1] == 'o' && text[2] != '-')
    return number_in_base(text.substr(2), 8);
  if (!is_core_float(text)) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  if (all_of(text.front() == '-' ? text.substr(1) : text, kDecimal)) {
    if (auto integer = number_in_base(text, 10); integer) return integer;
  }
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec == std::errc::result_out_of_range) {
    // Too small is zero, too large is kept as text; from_chars does not say which it was.
    const std::string copy(text);
    value = std::strtod(copy.c_str(), nullptr);
  }
  if (!std::isfinite(value)) return std::nullopt;
  return Json(value);
}

/// "nan", "Infinity", "-Infinity" for the core schema's spellings of them; empty for other texts.
std::string_view non_finite_name(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return "nan";
  if (text == "-.inf" || text == "-.Inf" || text == "-.INF") return "-Infinity";
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return "Infinity";
  return {};
}

std::optional<bool> core_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

bool is_core_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

/// The library gives the escapes \N and \_ (YAML 1.2, 5.7) as one byte of Latin-1 each. The text
/// read was UTF-8, so such a byte stands where a character would begin; it becomes that character.
std::string with_whole_characters(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  std::size_t left = 0;  // bytes that the character begun still has
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (left == 0 && (byte == 0x85 || byte == 0xa0)) {
      out += '\xc2';
    } else if (left > 0) {
      --left;
    } else if (byte >= 0xc0) {
      left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    }
    out += c;
  }
  return out;
}

/// Leaves the library's parser; caught in parse_yaml.
struct Stop {
  Error error;
};

class Builder : public YAML::EventHandler {
 public:
  Builder(const JsonLimits& limits, NonFinite non_finite)
      : limits_(limits), non_finite_(non_finite) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) return take_key("null", mark);
    add(Json(), anchor, 1, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor >= anchored_.size() || !anchored_[anchor].ready)
      stop(ErrorKind::kInvalid, mark, "An alias refers to the value that it is in");
    if (wants_key()) {
      if (!anchored_[anchor].value.is_string())
        stop(ErrorKind::kInvalid, mark, "A key must be plain text");
      return take_key(anchored_[anchor].value.as_string(), mark);
    }
    count(anchored_[anchor].size, mark);
    if (open_.size() + anchored_[anchor].depth > limits_.depth) too_deep(mark);
    place(Node{anchored_[anchor].value, anchored_[anchor].size, anchored_[anchor].depth}, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const std::string value = with_whole_characters(text);
    if (wants_key()) {
      if (value == "<<" && tag == "?")
        stop(ErrorKind::kInvalid, mark, "Merge keys (<<) are not supported");
      take_key(value, mark);
      if (anchor != 0) remember(anchor, Node{Json(value), 1, 0});
      return;
    }
    add(resolve(tag, value, mark), anchor, 1, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    check_tag(tag, "tag:yaml.org,2002:seq", mark);
    open(Json(Json::Array{}), anchor, mark);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    check_tag(tag, "tag:yaml.org,2002:map", mark);
    open(Json(Json::Object{}), anchor, mark);
  }
  void OnMapEnd() override {
    std::vector<std::string_view> keys;
    for (const auto& member : open_.back().node.value.members()) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end())
      stop(ErrorKind::kInvalid, open_.back().mark,
           "The key \"" + printable(*twice, 80) + "\" occurs twice in this mapping");
    close();
  }

  Json take() { return std::move(root_); }

 private:
  struct Node {
    Json value;
    std::size_t size = 1;   // values in it, itself included
    std::size_t depth = 0;  // containers nested in it, itself included
  };
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::optional<std::string> key;
  };
  struct Anchored {
    Json value;
    std::size_t size = 0;
    std::size_t depth = 0;
    bool ready = false;
  };

  [[noreturn]] static void stop(ErrorKind kind, const YAML::Mark& mark, std::string what) {
    throw Stop{make_error(
        kind,
        "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1),
        std::move(what), "Correct the YAML text there.")};
  }
  [[noreturn]] void too_deep(const YAML::Mark& mark) const {
    stop(ErrorKind::kTooLarge, mark,
         "The YAML text is nested deeper than " + std::to_string(limits_.depth) + " levels");
  }

  void count(std::size_t more, const YAML::Mark& mark) {
    values_ += more;
    if (values_ > limits_.values)
      stop(ErrorKind::kTooLarge, mark,
           "The YAML text has more than " + std::to_string(limits_.values) +
               " values, those of aliases included");
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.value.is_object() && !open_.back().key;
  }

  void take_key(const std::string& key, const YAML::Mark& mark) {
    count(1, mark);
    open_.back().key = key;
  }

  static void check_tag(const std::string& tag, std::string_view own, const YAML::Mark& mark) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == own) return;
    stop(ErrorKind::kInvalid, mark, "The tag " + printable(tag, 80) + " is not allowed here");
  }

  Json resolve(const std::string& tag, const std::string& text, const YAML::Mark& mark) const {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag == "!") return Json(text);
    if (tag.empty() || tag == "?") {
      if (const auto name = non_finite_name(text); !name.empty()) return non_finite(name, mark);
      if (const auto truth = core_bool(text); truth) return Json(*truth);
      if (is_core_null(text)) return Json();
      if (auto number = core_number(text); number) return std::move(*number);
      return Json(text);
    }
    if (tag.rfind(kCore, 0) == 0) {
      const std::string_view kind = std::string_view(tag).substr(kCore.size());
      if (kind == "str") return Json(text);
      if (kind == "null" && is_core_null(text)) return Json();
      if (const auto truth = core_bool(text); kind == "bool" && truth) return Json(*truth);
      if (kind == "float" && !non_finite_name(text).empty())
        return non_finite(non_finite_name(text), mark);
      const auto number = core_number(text);
      if (kind == "int" && number && number->is_int()) return *number;
      if (kind == "float" && number) return Json(number->as_double());
    }
    stop(ErrorKind::kInvalid, mark, "The tag " + printable(tag, 80) + " is not allowed here");
  }

  Json non_finite(std::string_view name, const YAML::Mark& mark) const {
    if (non_finite_ == NonFinite::kAsText) return Json(name);
    stop(ErrorKind::kInvalid, mark, "The number is not finite");
  }

  void add(Json value, YAML::anchor_t anchor, std::size_t size, const YAML::Mark& mark) {
    count(size, mark);
    place(Node{std::move(value), size, 0}, anchor);
  }

  void open(Json container, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (wants_key()) stop(ErrorKind::kInvalid, mark, "A key must be plain text");
    if (open_.size() >= limits_.depth) too_deep(mark);
    count(1, mark);
    open_.push_back(Open{Node{std::move(container), 1, 1}, anchor, mark, std::nullopt});
  }

  void close() {
    Open finished = std::move(open_.back());
    open_.pop_back();
    place(std::move(finished.node), finished.anchor);
  }

  void place(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) remember(anchor, node);
    if (open_.empty()) {
      root_ = std::move(node.value);
      return;
    }
    Open& parent = open_.back();
    parent.node.size += node.size;
    parent.node.depth = std::max(parent.node.depth, node.depth + 1);
    if (parent.node.value.is_array()) {
      parent.node.value.items().push_back(std::move(node.value));
    } else {
      parent.node.value.members().emplace_back(std::move(*parent.key), std::move(node.value));
      parent.key.reset();
    }
  }

  void remember(YAML::anchor_t anchor, const Node& node) {
    // The copy kept for aliases is memory too: it counts like the value itself.
    values_ += node.size;
    if (values_ > limits_.values) {
      throw Stop{make_error(ErrorKind::kTooLarge, "",
                            "The anchors of the YAML text hold too many values",
                            "Write the values without anchors.")};
    }
    if (anchored_.size() <= anchor) anchored_.resize(anchor + 1);
    anchored_[anchor] = Anchored{node.value, node.size, node.depth, true};
  }

  const JsonLimits& limits_;
  NonFinite non_finite_;
  std::size_t values_ = 0;
  std::vector<Open> open_;
  std::vector<Anchored> anchored_;  // by the library's anchor number, which starts at 1
  Json root_;
};

/// The library takes some control characters for its own marks, so none may reach it.
Status check_characters(std::string_view text) {
  if (!is_valid_utf8(text)) {
    return make_error(ErrorKind::kInvalid, "", "The YAML text is not valid UTF-8",
                      "Save it as UTF-8.");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r') continue;
    return make_error(ErrorKind::kInvalid, "byte " + std::to_string(i),
                      "The YAML text holds a control character", "Remove it.");
  }
  return {};
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, const JsonLimits& limits, NonFinite non_finite) {
  if (text.size() > limits.bytes) {
    return make_error(ErrorKind::kTooLarge, "",
                      "The YAML text has " + std::to_string(text.size()) + " bytes, more than " +
                          std::to_string(limits.bytes),
                      "Give a smaller file.");
  }
  MEDPERF_CHECK(check_characters(text));
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(limits, non_finite);
    if (!parser.HandleNextDocument(builder)) return Json();
    Builder rest(limits, non_finite);
    if (parser.HandleNextDocument(rest)) {
      return make_error(ErrorKind::kInvalid, "", "The YAML text holds more than one document",
                        "Keep only the first document.");
    }
    return builder.take();
  } catch (Stop& stop) {
    return std::move(stop.error);
  } catch (const YAML::Exception& exception) {
    return make_error(ErrorKind::kInvalid,
                      "line " + std::to_string(exception.mark.line + 1) + ", column " +
                          std::to_string(exception.mark.column + 1),
                      "This is not valid YAML: " + printable(exception.msg, 200),
                      "Correct the text there.");
  } catch (const std::exception& exception) {
    return make_error(ErrorKind::kInvalid, "", "This is not valid YAML", "Correct the text.",
                      printable(exception.what(), 200));
  }
}

}  // namespace medperf
