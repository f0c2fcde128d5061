#pragma once
// One option table per program makes the parser of its configuration file, the environment
// overrides, --print-config, the annotated sample file and the manual page.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/json.h"

namespace medperf {

enum class OptionType { kText, kInteger, kBoolean, kPath, kSeconds, kBytes };

struct Option {
  std::string_view key;  ///< dotted: "http.port"
  OptionType type;
  std::string_view unit;  ///< "seconds", "bytes" or empty
  std::string_view default_text;
  std::string_view environment;  ///< "MEDPERF_HUB_HTTP_PORT"; empty: none
  bool secret;                   ///< shown as "(set)"; read from a file named by the value
  std::string_view sentence;     ///< what it does, one sentence
};

/// Checked option values. Lookups of keys that are not in the table are bugs.
class Options {
 public:
  /// Reads YAML text (may be empty), applies the environment, checks types; unknown keys are
  /// errors.
  static Result<Options> load(std::span<const Option> table, std::string_view yaml_text,
                              const std::map<std::string, std::string>& environment);
  std::string text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;
  fs::path path(std::string_view key) const;
  /// The effective configuration as YAML, secrets hidden.
  std::string print(std::span<const Option> table) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// A configuration file with every option, its default and its sentence.
std::string annotated_sample(std::span<const Option> table);
/// The whole process environment as a map, for main() alone.
std::map<std::string, std::string> process_environment();

}  // namespace medperf
