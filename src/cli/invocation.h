#pragma once
// One command being run: its arguments, its site, its output.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "site/site.h"

namespace medperf::cli {

class Invocation {
 public:
  Invocation(ParsedCommand parsed, std::map<std::string, std::string> environment,
             fs::path program_folder, const Clock& clock);

  bool has(std::string_view name) const;
  std::string text(std::string_view name, std::string_view other = {}) const;
  /// Precondition: the argument is a required number, or has(name).
  std::int64_t number(std::string_view name) const;
  std::vector<std::string> words(std::string_view name) const;

  /// The site, opened when first asked for.
  Result<site::Site*> site();
  /// The signed-in hub.
  Result<site::Hub*> hub();
  fs::path workspace_path() const;
  /// For commands that open the site again and again.
  site::SiteSetup site_setup() const { return {workspace_path(), environment_, program_folder_}; }
  /// One line from the person, e.g. a code. Error: invalid with --no-input or without a line.
  Result<std::string> ask_line(std::string_view prompt) const;
  const Output& out() const { return output_; }
  const Clock& clock() const { return clock_; }
  const std::map<std::string, std::string>& environment() const { return environment_; }

 private:
  ParsedCommand parsed_;
  std::map<std::string, std::string> environment_;
  fs::path program_folder_;
  const Clock& clock_;
  Output output_;
  Terminal terminal_;
  std::unique_ptr<site::Site> site_;
};

/// Runs the program: parse, call, print. Gives the exit code.
int run_program(const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment,
                const fs::path& program_folder, const Clock& clock);

}  // namespace medperf::cli
