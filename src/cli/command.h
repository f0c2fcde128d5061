#pragma once
// The table of commands. A row is a command: names, arguments, help, example, handler. The parser,
// the help texts and the manual come from the rows.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf::cli {

enum class ArgumentKind { kText, kNumber, kFlag, kWords };

struct Argument {
  std::string_view flags;  ///< "-b,--benchmark", or a bare name for a positional one
  std::string_view value;  ///< "ID"; empty for flags
  std::string_view help;
  ArgumentKind kind = ArgumentKind::kText;
  bool required = false;
  std::string_view name() const;  ///< "benchmark"
};

class Invocation;
/// Gives the exit code.
using Handler = Result<int> (*)(Invocation&);

struct Command {
  std::string_view verb;  ///< empty: the group itself is the command
  std::string_view sentence;
  std::string_view example;
  std::span<const Argument> arguments;
  Handler handler = nullptr;
};

struct Group {
  std::string_view name;
  std::string_view sentence;
  std::span<const Command> commands;
};

/// Every group, in the order of the help.
std::span<const Group> all_groups();

/// What was given on the command line.
struct Arguments {
  std::map<std::string, std::vector<std::string>, std::less<>> values;
  std::string workspace;
  bool json = false;
  bool yes = false;
  bool no_input = false;
};

struct ParsedCommand {
  const Group* group = nullptr;
  const Command* command = nullptr;
  Arguments arguments;
};

/// Either a command, or text to print and an exit code (help, version, a mistake).
struct ParseOutcome {
  std::optional<ParsedCommand> parsed;
  int exit_code = 0;
  std::string text;
  bool is_error = false;
};
ParseOutcome parse_command_line(const std::vector<std::string>& arguments);

}  // namespace medperf::cli
