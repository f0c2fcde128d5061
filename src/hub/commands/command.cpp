#include "hub/commands/command.h"

#include <charconv>
#include <cstdio>

#include "base/encoding.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kColumn = 24;

Error wrong_usage(std::string_view where, std::string_view what) {
  return make_error(ErrorKind::kInvalid, printable(where, 100), std::string(what),
                    "See medperf-hub --help.");
}

const Argument* find_argument(const HubCommand& command, std::string_view flag) {
  for (const auto& argument : command.arguments) {
    if (argument.flag == flag) return &argument;
  }
  return nullptr;
}

std::string in_columns(std::string_view left, std::string_view right) {
  std::string text = "  " + std::string(left);
  if (text.size() + 2 > kColumn) {
    text += "\n" + std::string(kColumn, ' ');
  } else {
    text.append(kColumn - text.size(), ' ');
  }
  return text + std::string(right) + "\n";
}

/// The command whose words the line begins with; the longest one when several do.
const HubCommand* find_command(std::span<const HubCommand> commands,
                               const std::vector<std::string>& words, std::size_t& used) {
  const HubCommand* found = nullptr;
  used = 0;
  for (const auto& command : commands) {
    const auto wanted = split(command.words, ' ');
    bool same = wanted.size() <= words.size() && wanted.size() > used;
    for (std::size_t i = 0; same && i < wanted.size(); ++i) same = wanted[i] == words[i];
    if (!same) continue;
    found = &command;
    used = wanted.size();
  }
  return found;
}

Result<CommandLine> read_arguments(const HubCommand& command, std::span<const std::string> words) {
  CommandLine line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Argument* argument = find_argument(command, words[i]);
    if (argument == nullptr) {
      return wrong_usage(words[i], words[i].starts_with('-') ? "there is no such option"
                                                             : "this command takes options only");
    }
    if (argument->value.empty()) {
      line.set(argument->flag, "true");
    } else if (i + 1 == words.size()) {
      return wrong_usage(words[i], "a value is missing");
    } else {
      line.set(argument->flag, words[++i]);
    }
  }
  for (const auto& argument : command.arguments) {
    if (argument.required && !line.has(argument.flag)) {
      return wrong_usage(argument.flag, "this option is needed");
    }
  }
  return line;
}

bool asks_for_help(std::span<const std::string> words) {
  for (const auto& word : words) {
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

}  // namespace

std::string CommandLine::value(std::string_view flag, std::string_view other) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::string(other) : found->second;
}

Result<std::int64_t> CommandLine::number(std::string_view flag, std::int64_t other) const {
  if (!has(flag)) return other;
  const std::string text = value(flag);
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return wrong_usage(flag, "this is not a number");
  return number;
}

Result<ParsedLine> parse_hub_command(std::span<const HubCommand> commands,
                                     const std::vector<std::string>& words) {
  std::size_t used = 0;
  ParsedLine parsed;
  parsed.command = find_command(commands, words, used);
  const auto rest = std::span(words).subspan(used);
  if (parsed.command == nullptr) {
    if (words.empty() || asks_for_help(rest)) {
      parsed.text = help_of_all(commands);
      return parsed;
    }
    return wrong_usage(words.front(), "there is no such command");
  }
  if (asks_for_help(rest)) {
    parsed.text = help_of(*parsed.command);
    parsed.command = nullptr;
    return parsed;
  }
  MEDPERF_TRY(parsed.line, read_arguments(*parsed.command, rest));
  return parsed;
}

std::string help_of(const HubCommand& command) {
  std::string text = std::string(command.sentence) + "\n\n  medperf-hub ";
  text += command.words;
  std::string lines;
  for (const auto& argument : command.arguments) {
    std::string shown(argument.flag);
    if (!argument.value.empty()) shown += " " + std::string(argument.value);
    text += argument.required ? " " + shown : " [" + shown + "]";
    lines += in_columns(shown, argument.sentence);
  }
  return text + "\n\n" + lines + "\nExample:\n  " + std::string(command.example) + "\n";
}

std::string help_of_all(std::span<const HubCommand> commands) {
  std::string text = "medperf-hub: the server of MedPerf\n\n";
  for (const auto& command : commands) text += in_columns(command.words, command.sentence);
  text += in_columns("--print-config", "Show the options in force; with --config FILE, its own.");
  text += in_columns("--version", "Show the version.");
  return text +
         "\n`medperf-hub COMMAND --help` explains one command.\n\nExample:\n"
         "  medperf-hub init --data /var/lib/medperf --certificate hub.pem --private-key hub.key\n"
         "  medperf-hub serve --config /var/lib/medperf/hub.yaml\n";
}

void print_answer(const CommandLine& line, const std::string& text, const Json& document) {
  std::puts(line.has(kJsonArgument.flag) ? to_pretty_text(document).c_str() : text.c_str());
}

}  // namespace medperf::hub
