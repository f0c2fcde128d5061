#pragma once
// The commands of medperf-hub as data. A row is a command: words, arguments, sentence, example,
// what to run. The parser and every help text come from the rows.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::hub {

struct Argument {
  std::string_view flag;   ///< "--username"
  std::string_view value;  ///< "NAME"; empty: a switch
  std::string_view sentence;
  bool required = false;
};

/// What was typed after the words of the command.
class CommandLine {
 public:
  bool has(std::string_view flag) const { return values_.find(flag) != values_.end(); }
  std::string value(std::string_view flag, std::string_view other = {}) const;
  /// Error: invalid, with the flag.
  Result<std::int64_t> number(std::string_view flag, std::int64_t other) const;
  void set(std::string_view flag, std::string value) { values_[std::string(flag)] = value; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

struct HubCommand {
  std::string_view words;  ///< "user add"
  std::string_view sentence;
  std::span<const Argument> arguments;
  std::string_view example;
  Status (*run)(const CommandLine& line, const Clock& clock) = nullptr;
};

/// Every command, in the order of the help.
std::span<const HubCommand> hub_commands();

/// Of the files of hub/commands: each gives its rows.
std::span<const HubCommand> serving_commands();
std::span<const HubCommand> database_commands();
std::span<const HubCommand> import_commands();
std::span<const HubCommand> user_commands();
std::span<const HubCommand> contract_commands();

/// Either a command with its line, or text to print.
struct ParsedLine {
  const HubCommand* command = nullptr;
  CommandLine line;
  std::string text;
};
/// `words`: the arguments of the program without its name. Error: invalid, saying what is wrong.
Result<ParsedLine> parse_hub_command(std::span<const HubCommand> commands,
                                     const std::vector<std::string>& words);
std::string help_of(const HubCommand& command);
std::string help_of_all(std::span<const HubCommand> commands);

inline constexpr Argument kConfigArgument = {"--config", "FILE", "The hub's configuration.", true};
inline constexpr Argument kJsonArgument = {"--json", "", "Answer with JSON."};

/// The answer of a command: one line for people, or the document with --json.
void print_answer(const CommandLine& line, const std::string& text, const Json& document);

}  // namespace medperf::hub
