#pragma once
// JSON values, read with limits. The only place that knows the JSON library.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace medperf {

struct JsonLimits {
  std::size_t bytes = 8u << 20;
  std::size_t depth = 64;
  std::size_t values = 1'000'000;
};

/// A JSON value. Objects keep the order of their keys and refuse duplicate keys when parsed.
/// Integers that fit std::int64_t stay integers; other numbers are doubles. Never NaN or infinity.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() : value_(nullptr) {}
  Json(std::nullptr_t) : value_(nullptr) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::size_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* text) : value_(std::string(text)) {}
  Json(std::string_view text) : value_(std::string(text)) {}
  Json(std::string text) : value_(std::move(text)) {}
  Json(Array items) : value_(std::move(items)) {}
  Json(Object members) : value_(std::move(members)) {}
  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  /// "null", "bool", "int", "float", "str", "list" or "dict": the names v0 error messages use.
  std::string_view type_name() const;

  // Preconditions: the matching is_*(). as_double() also takes integers.
  bool as_bool() const { return std::get<bool>(value_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(value_); }
  double as_double() const {
    return is_int() ? static_cast<double>(as_int()) : std::get<double>(value_);
  }
  const std::string& as_string() const { return std::get<std::string>(value_); }
  const Array& items() const { return std::get<Array>(value_); }
  Array& items() { return std::get<Array>(value_); }
  const Object& members() const { return std::get<Object>(value_); }
  Object& members() { return std::get<Object>(value_); }

  /// The member of an object, or null pointer (also when this is not an object). O(members).
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// Follows a path of keys, e.g. at_path({"metadata", "medperf", "image_id"}); null pointer if
  /// absent.
  const Json* find_path(std::initializer_list<std::string_view> keys) const;
  /// Sets or replaces a member; this becomes an object if it was null.
  Json& set(std::string_view key, Json value);
  /// Appends to an array; this becomes an array if it was null.
  void push(Json value);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// String member or `other`; likewise for int and bool.
  std::string get_string(std::string_view key, std::string_view other = {}) const;
  std::int64_t get_int(std::string_view key, std::int64_t other = 0) const;
  bool get_bool(std::string_view key, bool other = false) const;

  /// Equal as JSON values: order of keys does not matter, 1 equals 1.0.
  bool operator==(const Json& other) const;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Parses UTF-8 JSON text. Errors: invalid (with byte offset), too_large.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
/// Compact text in the order of the keys. Doubles in their shortest round-trip form.
std::string to_text(const Json& value);
/// Indented by two spaces, for people.
std::string to_pretty_text(const Json& value);
/// RFC 8785 (JSON Canonicalization Scheme): sorted keys (UTF-16 order), ECMAScript numbers.
std::string to_canonical(const Json& value);

/// A JSON Schema (draft 7), compiled once. Thread-safe after construction.
class JsonSchema {
 public:
  static Result<JsonSchema> compile(const Json& schema);
  /// Every violation as a field error: path ("metrics.auc") and message.
  std::vector<FieldError> violations(const Json& document) const;
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace medperf
