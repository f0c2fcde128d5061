#include "base/options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "base/encoding.h"
#include "base/yaml.h"

namespace medperf {
namespace {

constexpr Bytes kSecretLimit{1U << 16};

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};
constexpr std::array<Suffix, 5> kTimeSuffixes = {
    {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
constexpr std::array<Suffix, 9> kByteSuffixes = {{{"", 1},
                                                  {"B", 1},
                                                  {"kB", 1000},
                                                  {"MB", 1'000'000},
                                                  {"GB", 1'000'000'000},
                                                  {"KiB", 1 << 10},
                                                  {"MiB", 1 << 20},
                                                  {"GiB", 1 << 30},
                                                  {"TiB", std::int64_t{1} << 40}}};

const Option* find_option(std::span<const Option> table, std::string_view key) {
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const Option& option) { return option.key == key; });
  return at == table.end() ? nullptr : &*at;
}

Error wrong_type(const Option& option, std::string_view text, const std::string& wanted) {
  return make_error(
      ErrorKind::kInvalid, std::string(option.key),
      "\"" + (option.secret ? "(secret)" : printable(text, 80)) + "\" is not " + wanted,
      std::string(option.sentence));
}

/// A whole number with one of the suffixes, e.g. "64 MiB", as a count of the base unit.
template <std::size_t N>
std::optional<std::int64_t> scaled(std::string_view text, const std::array<Suffix, N>& suffixes) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return std::nullopt;
  const std::string_view rest = trim(text.substr(static_cast<std::size_t>(end.ptr - text.data())));
  for (const auto& suffix : suffixes) {
    std::int64_t product = 0;
    if (rest == suffix.text && number >= 0 &&
        !__builtin_mul_overflow(number, suffix.factor, &product))
      return product;
  }
  return std::nullopt;
}

/// The text in its one spelling: decimal numbers in the base unit, "true" or "false".
Result<std::string> normalised(const Option& option, std::string_view text) {
  switch (option.type) {
    case OptionType::kText:
    case OptionType::kPath:
      return std::string(text);
    case OptionType::kBoolean: {
      const auto value = trim(text);
      if (value == "true" || value == "false") return std::string(value);
      return wrong_type(option, text, "true or false");
    }
    case OptionType::kInteger: {
      const auto value = trim(text);
      std::int64_t number = 0;
      const auto end = std::from_chars(value.data(), value.data() + value.size(), number);
      if (value.empty() || end.ec != std::errc() || end.ptr != value.data() + value.size())
        return wrong_type(option, text, "a whole number");
      return std::to_string(number);
    }
    case OptionType::kSeconds: {
      const auto seconds = scaled(trim(text), kTimeSuffixes);
      if (!seconds) return wrong_type(option, text, "a time such as 30, 30s, 5m or 2h");
      return std::to_string(*seconds);
    }
    case OptionType::kBytes: {
      const auto bytes = scaled(trim(text), kByteSuffixes);
      if (!bytes) return wrong_type(option, text, "a size such as 1048576, 64 MiB or 2 GB");
      return std::to_string(*bytes);
    }
  }
  return wrong_type(option, text, "a known type");
}

Result<std::string> read_secret(const Option& option, const std::string& file_name) {
  if (file_name.empty()) return std::string();
  auto opened = open_file(file_name);
  if (!opened.ok()) return std::move(opened).error().at(option.key);
  struct stat info {};
  if (::fstat(opened->get(), &info) != 0 || (info.st_mode & 077) != 0) {
    return make_error(ErrorKind::kRefused,
                      std::string(option.key) + ": " + printable(file_name, 300),
                      "Others may read this secret", "Run: chmod 600 on this file.");
  }
  auto content = read_all(*opened, kSecretLimit, printable(file_name, 300));
  if (!content.ok()) return std::move(content).error().at(option.key);
  return std::string(trim(*content));
}

/// {"http": {"port": 1}} -> "http.port" = "1"
Status flatten(const Json& value, const std::string& key,
               std::map<std::string, std::string>& flat) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.members()) {
      std::string inner = key;
      if (!inner.empty()) inner += '.';
      inner += name;
      MEDPERF_CHECK(flatten(member, inner, flat));
    }
    return {};
  }
  const std::string shown = key.empty() ? "configuration" : printable(key, 200);
  if (key.empty() && value.is_null()) return {};
  if (key.empty() || value.is_array()) {
    return make_error(ErrorKind::kInvalid, shown, "Options are single values below their keys",
                      "Write it as \"key: value\"; --print-config shows the form.");
  }
  std::string text;
  if (value.is_string())
    text = value.as_string();
  else if (!value.is_null())
    text = to_text(value);
  if (!flat.emplace(key, std::move(text)).second) {
    return make_error(ErrorKind::kInvalid, shown, "The option is set twice",
                      "Keep one of the two.");
  }
  return {};
}

std::string_view shown_unit(const Option& option) {
  if (!option.unit.empty()) return option.unit;
  if (option.type == OptionType::kSeconds) return "seconds";
  if (option.type == OptionType::kBytes) return "bytes";
  return {};
}

/// Writes the options as nested YAML. Each line is made by `line(option, name, indent)`.
template <typename Line>
std::string nested(std::span<const Option> table, Line&& line) {
  std::vector<const Option*> order;
  for (const auto& option : table) order.push_back(&option);
  std::stable_sort(order.begin(), order.end(), [](const Option* a, const Option* b) {
    return a->key.substr(0, a->key.rfind('.') + 1) < b->key.substr(0, b->key.rfind('.') + 1);
  });
  std::string text;
  std::vector<std::string_view> open;
  for (const Option* option : order) {
    auto parts = split(option->key, '.');
    const std::string_view name = parts.back();
    parts.pop_back();
    std::size_t same = 0;
    while (same < open.size() && same < parts.size() && open[same] == parts[same]) ++same;
    for (std::size_t i = same; i < parts.size(); ++i)
      text += std::string(i * 2, ' ') + std::string(parts[i]) + ":\n";
    open = parts;
    text += line(*option, name, std::string(parts.size() * 2, ' '));
  }
  return text;
}

std::string yaml_value(const Option& option, const std::string& text) {
  if (option.type == OptionType::kText || option.type == OptionType::kPath) {
    std::string quoted = to_yaml(Json(text));
    quoted.pop_back();  // the line break
    return quoted;
  }
  return text;
}

}  // namespace

Result<Options> Options::load(std::span<const Option> table, std::string_view yaml_text,
                              const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> given;
  MEDPERF_TRY(const auto document, parse_yaml(yaml_text));
  MEDPERF_CHECK(flatten(document, "", given));
  for (const auto& [key, text] : given) {
    if (find_option(table, key) != nullptr) continue;
    return make_error(ErrorKind::kInvalid, printable(key, 200), "There is no such option",
                      "--print-config lists all options.");
  }
  Options options;
  for (const auto& option : table) {
    std::string text(option.default_text);
    if (const auto at = given.find(std::string(option.key)); at != given.end()) text = at->second;
    if (!option.environment.empty()) {
      if (const auto at = environment.find(std::string(option.environment));
          at != environment.end())
        text = at->second;
    }
    if (option.secret) {
      MEDPERF_TRY(text, read_secret(option, text));
    }
    const bool unset = text.empty() && option.default_text.empty();
    if (unset) {
      options.values_[std::string(option.key)] = "";
      continue;
    }
    MEDPERF_TRY(auto value, normalised(option, text));
    options.values_[std::string(option.key)] = std::move(value);
  }
  return options;
}

std::string Options::text(std::string_view key) const {
  const auto at = values_.find(key);
  if (at == values_.end()) throw std::logic_error("no such option: " + std::string(key));
  return at->second;
}

std::int64_t Options::integer(std::string_view key) const {
  const std::string value = text(key);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

bool Options::boolean(std::string_view key) const {
  return text(key) == "true";
}

fs::path Options::path(std::string_view key) const {
  return text(key);
}

std::string Options::print(std::span<const Option> table) const {
  return nested(table, [&](const Option& option, std::string_view name, const std::string& indent) {
    const std::string value = text(option.key);
    std::string shown = yaml_value(option, value);
    if (option.secret) shown = value.empty() ? "\"\"" : "\"(set)\"";
    return indent + std::string(name) + ": " + shown + "\n";
  });
}

std::string annotated_sample(std::span<const Option> table) {
  return nested(table, [](const Option& option, std::string_view name, const std::string& indent) {
    std::string text = indent + "# " + std::string(option.sentence);
    if (const auto unit = shown_unit(option); !unit.empty())
      text += " Unit: " + std::string(unit) + ".";
    if (option.secret) text += " Give the name of a file with mode 0600 that holds it.";
    if (!option.environment.empty())
      text += " Environment: " + std::string(option.environment) + ".";
    return text + "\n" + indent + std::string(name) + ": " +
           yaml_value(option, std::string(option.default_text)) + "\n";
  });
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      values.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return values;
}

}  // namespace medperf
