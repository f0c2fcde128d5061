// The only file that knows the command-line library.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "cli/exit_codes.h"

namespace medperf::cli {
namespace {

/// Where the library writes the values of one command.
struct Slots {
  std::map<std::string, std::vector<std::string>, std::less<>> words;
  std::map<std::string, std::int64_t, std::less<>> numbers;
  std::map<std::string, bool, std::less<>> flags;
};

void add_argument(CLI::App& app, const Argument& argument, Slots& slots) {
  const std::string flags(argument.flags);
  const std::string help(argument.help);
  const std::string name(argument.name());
  CLI::Option* option = nullptr;
  switch (argument.kind) {
    case ArgumentKind::kFlag:
      app.add_flag(flags, slots.flags[name], help);
      return;
    case ArgumentKind::kNumber:
      option = app.add_option(flags, slots.numbers[name], help)->check(CLI::PositiveNumber);
      break;
    case ArgumentKind::kText:
      // Without the second call the first positional argument takes the words of the next ones too.
      option = app.add_option(flags, slots.words[name], help)->expected(1)->allow_extra_args(false);
      break;
    case ArgumentKind::kWords:
      option = app.add_option(flags, slots.words[name], help)->expected(1, 1000);
      break;
  }
  option->type_name(std::string(argument.value));
  if (argument.required) option->required();
}

void add_common(CLI::App& app, Arguments& out) {
  app.set_help_flag("-h,--help", "Show this help.");
  app.add_option("--workspace", out.workspace,
                 "Folder of this site (default: MEDPERF_HOME, else ~/.medperf).")
      ->type_name("FOLDER");
  app.add_flag("--json", out.json, "Answer with JSON on standard output.");
  app.add_flag("--yes", out.yes, "Answer yes to every question that the work depends on.");
  app.add_flag("--no-input", out.no_input, "Leave questions open: ends with exit code 20.");
}

std::string footer_of(const Command& command) {
  return command.example.empty() ? std::string() : "\nExample:\n  " + std::string(command.example);
}

void add_command(CLI::App& parent, const Group& group, const Command& command, ParsedCommand& out,
                 Slots& slots) {
  CLI::App* app = &parent;
  if (!command.verb.empty()) {
    app = parent.add_subcommand(std::string(command.verb), std::string(command.sentence));
    add_common(*app, out.arguments);
  }
  for (const Argument& argument : command.arguments) add_argument(*app, argument, slots);
  app->footer(footer_of(command));
  app->callback([&group, &command, &out] {
    if (out.command != nullptr) return;
    out.group = &group;
    out.command = &command;
  });
}

void add_group(CLI::App& root, const Group& group, bool whole, ParsedCommand& out, Slots& slots) {
  CLI::App* app = root.add_subcommand(std::string(group.name), std::string(group.sentence));
  if (!whole) return;
  add_common(*app, out.arguments);
  bool has_verbs = false;
  for (const Command& command : group.commands) {
    add_command(*app, group, command, out, slots);
    has_verbs = has_verbs || !command.verb.empty();
  }
  if (has_verbs) app->require_subcommand(1);
}

void take_values(const CLI::App& app, Slots& slots, Arguments& out) {
  for (auto& [name, words] : slots.words) {
    if (!words.empty()) out.values[name] = std::move(words);
  }
  for (auto& [name, number] : slots.numbers) {
    if (number > 0) out.values[name] = {std::to_string(number)};
  }
  for (auto& [name, set] : slots.flags) {
    if (set) out.values[name] = {"true"};
  }
  (void)app;
}

ParseOutcome outcome_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream complaint;
  const int code = app.exit(error, out, complaint);
  ParseOutcome outcome;
  outcome.is_error = code != 0;
  outcome.exit_code = code == 0 ? kOk : 2;
  outcome.text = code == 0 ? out.str() : "medperf: " + complaint.str();
  return outcome;
}

}  // namespace

std::string_view Argument::name() const {
  const std::size_t at = flags.rfind("--");
  return at == std::string_view::npos ? flags : flags.substr(at + 2);
}

ParseOutcome parse_command_line(const std::vector<std::string>& arguments) {
  CLI::App app(
      "Federated evaluation of medical AI: models travel to the data, only approved "
      "metrics travel back.",
      "medperf");
  ParseOutcome outcome;
  outcome.parsed.emplace();
  Slots slots;
  add_common(app, outcome.parsed->arguments);
  bool version = false;
  app.add_flag("--version", version, "Show the version.");
  app.require_subcommand(0, 1);
  app.footer("\nExample:\n  medperf benchmark run -b 1 -d 3\n\n" + std::string(exit_code_help()));
  // Only the group that is named is built whole: starting takes no time for the others.
  for (const Group& group : all_groups()) {
    const bool named = std::find(arguments.begin(), arguments.end(), group.name) != arguments.end();
    add_group(app, group, named, *outcome.parsed, slots);
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return outcome_of(app, error);
  }
  if (version) return {std::nullopt, kOk, "medperf " MEDPERF_VERSION "\n", false};
  if (outcome.parsed->command == nullptr) return {std::nullopt, kOk, app.help(), false};
  take_values(app, slots, outcome.parsed->arguments);
  return outcome;
}

}  // namespace medperf::cli
