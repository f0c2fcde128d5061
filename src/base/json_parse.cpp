// The only file that reads JSON text; nlohmann's parser drives a handler that builds our own
// values, so that limits act while reading and not after.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace medperf {
namespace {

/// Characters of one number. A double needs 25; more is an attack on what converts it.
constexpr std::size_t kLongestNumber = 1000;

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(std::int64_t value) override { return add(Json(value)); }
  bool number_unsigned(std::uint64_t value) override {
    if (value <= static_cast<std::uint64_t>(INT64_MAX))
      return add(Json(static_cast<std::int64_t>(value)));
    return add(Json(static_cast<double>(value)));
  }
  /// Also of integers beyond 64 bits; those that fit are short.
  bool number_float(double value, const std::string& text) override {
    if (text.size() <= kLongestNumber) return add(Json(value));
    return fail(make_error(
        ErrorKind::kTooLarge, "",
        "The JSON text has a number of more than " + std::to_string(kLongestNumber) + " characters",
        "Write it shorter."));
  }
  bool string(std::string& value) override { return add(Json(std::move(value))); }
  bool binary(nlohmann::json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*count*/) override { return open(Json(Json::Object{})); }
  bool start_array(std::size_t /*count*/) override { return open(Json(Json::Array{})); }
  bool end_array() override { return close(); }
  bool end_object() override {
    if (const std::string* key = repeated_key(open_.back().members()); key != nullptr) {
      return fail(make_error(ErrorKind::kInvalid, "key \"" + printable(*key, 80) + "\"",
                             "The key occurs twice in one JSON object", "Keep one of the two."));
    }
    return close();
  }
  bool key(std::string& key) override {
    keys_.push_back(std::move(key));
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& exception) override {
    return fail(make_error(ErrorKind::kInvalid, "byte " + std::to_string(position),
                           "This is not valid JSON", "Correct the text there.",
                           printable(exception.what(), 300)));
  }

  Result<Json> take() {
    if (error_) return *error_;
    return std::move(root_);
  }

 private:
  bool fail(Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }

  bool count() {
    if (++values_ <= limits_.values) return true;
    return fail(
        make_error(ErrorKind::kTooLarge, "",
                   "The JSON text has more than " + std::to_string(limits_.values) + " values",
                   "Send less at a time."));
  }

  bool open(Json container) {
    if (open_.size() >= limits_.depth) {
      return fail(make_error(
          ErrorKind::kTooLarge, "",
          "The JSON text is nested deeper than " + std::to_string(limits_.depth) + " levels",
          "Send a flatter document."));
    }
    if (!count()) return false;
    open_.push_back(std::move(container));
    return true;
  }

  bool add(Json value) { return count() && place(std::move(value)); }

  bool place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().items().push_back(std::move(value));
    } else {
      open_.back().members().emplace_back(std::move(keys_.back()), std::move(value));
      keys_.pop_back();
    }
    return true;
  }

  bool close() {
    Json finished = std::move(open_.back());
    open_.pop_back();
    return place(std::move(finished));
  }

  static const std::string* repeated_key(const Json::Object& members) {
    std::vector<const std::string*> keys;
    keys.reserve(members.size());
    for (const auto& member : members) keys.push_back(&member.first);
    std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
    const auto twice = std::adjacent_find(keys.begin(), keys.end(),
                                          [](const auto* a, const auto* b) { return *a == *b; });
    return twice == keys.end() ? nullptr : *twice;
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;
  std::vector<Json> open_;         // containers not yet closed, outermost first
  std::vector<std::string> keys_;  // keys whose values are still being read
  Json root_;
  std::optional<Error> error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return make_error(ErrorKind::kTooLarge, "",
                      "The JSON text has " + std::to_string(text.size()) + " bytes, more than " +
                          std::to_string(limits.bytes),
                      "Send less at a time.");
  }
  Builder builder(limits);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace medperf
