#include "cli/invocation.h"

#include <cstdio>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "cli/exit_codes.h"

namespace medperf::cli {
namespace {

Replies replies_of(const Arguments& arguments) {
  if (arguments.yes) return Replies::kYes;
  return arguments.no_input ? Replies::kLater : Replies::kAsk;
}

std::string environment_text(const std::map<std::string, std::string>& environment,
                             const std::string& name) {
  auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "info") return log::Level::kInfo;
  if (name == "error") return log::Level::kError;
  if (name == "off") return log::Level::kOff;
  return log::Level::kWarning;
}

}  // namespace

Invocation::Invocation(ParsedCommand parsed, std::map<std::string, std::string> environment,
                       fs::path program_folder, const Clock& clock)
    : parsed_(std::move(parsed)),
      environment_(std::move(environment)),
      program_folder_(std::move(program_folder)),
      clock_(clock),
      output_(parsed_.arguments.json),
      terminal_(output_, replies_of(parsed_.arguments), read_standard_input_line,
                !standard_input_is_terminal()) {}

bool Invocation::has(std::string_view name) const {
  return parsed_.arguments.values.find(name) != parsed_.arguments.values.end();
}

std::string Invocation::text(std::string_view name, std::string_view other) const {
  auto found = parsed_.arguments.values.find(name);
  if (found == parsed_.arguments.values.end() || found->second.empty()) return std::string(other);
  return found->second.front();
}

std::int64_t Invocation::number(std::string_view name) const {
  // The parser made it from a checked integer.
  const std::string digits = text(name, "0");
  return std::strtoll(digits.c_str(), nullptr, 10);
}

std::vector<std::string> Invocation::words(std::string_view name) const {
  auto found = parsed_.arguments.values.find(name);
  return found == parsed_.arguments.values.end() ? std::vector<std::string>() : found->second;
}

fs::path Invocation::workspace_path() const {
  if (!parsed_.arguments.workspace.empty()) return parsed_.arguments.workspace;
  const std::string home = environment_text(environment_, "MEDPERF_HOME");
  if (!home.empty()) return home;
  const std::string user_home = environment_text(environment_, "HOME");
  return user_home.empty() ? fs::path() : fs::path(user_home) / ".medperf";
}

Result<site::Site*> Invocation::site() {
  if (!site_) {
    MEDPERF_TRY(site_, site::Site::open(site_setup(), clock_, terminal_));
    log::configure(level_of(site_->options().text("log.level")));
    auto clean = site_->clean_up_after_killed();
    if (!clean.ok()) {
      // The command itself may need no engine: say it and go on.
      log::warning("left-over containers could not be removed", {{"why", clean.error().text()}});
    }
  }
  return site_.get();
}

Result<site::Hub*> Invocation::hub() {
  MEDPERF_TRY(site::Site * opened, site());
  return opened->hub();
}

Result<std::string> Invocation::ask_line(std::string_view prompt) const {
  const bool may_ask = !parsed_.arguments.no_input;
  if (may_ask) {
    std::fprintf(stderr, "%.*s: ", static_cast<int>(prompt.size()), prompt.data());
    std::fflush(stderr);
  }
  const auto line = may_ask ? read_standard_input_line() : std::nullopt;
  if (line && !trim(*line).empty()) return std::string(trim(*line));
  return make_error(ErrorKind::kInvalid, std::string(prompt), "nothing was entered",
                    "run the command on a terminal, without --no-input");
}

int run_program(const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment,
                const fs::path& program_folder, const Clock& clock) {
  ParseOutcome outcome = parse_command_line(arguments);
  if (!outcome.parsed || outcome.parsed->command == nullptr) {
    std::FILE* file = outcome.is_error ? stderr : stdout;
    std::fwrite(outcome.text.data(), 1, outcome.text.size(), file);
    return outcome.exit_code;
  }
  const Handler handler = outcome.parsed->command->handler;
  Invocation invocation(std::move(*outcome.parsed), environment, program_folder, clock);
  auto done = handler(invocation);
  if (done.ok()) return *done;
  if (!done.error().cause.empty()) {
    log::info("command failed", {{"cause", done.error().cause}});
  }
  invocation.out().failure(done.error());
  return exit_code_of(done.error());
}

}  // namespace medperf::cli
