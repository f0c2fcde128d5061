#pragma once
// The person at the terminal.

#include <functional>
#include <optional>
#include <string>

#include "cli/output.h"
#include "site/review/person.h"

namespace medperf::cli {

enum class Replies {
  kAsk,    ///< read one line; end of input is no, and not remembered
  kYes,    ///< --yes
  kLater,  ///< --no-input
};

/// Reads one line; nothing at the end of input.
using ReadLine = std::function<std::optional<std::string>()>;

class Terminal : public site::Person {
 public:
  /// `echo`: the input is no terminal, so the answer is shown as "answered: y".
  Terminal(const Output& output, Replies replies, ReadLine read, bool echo)
      : output_(output), replies_(replies), read_(std::move(read)), echo_(echo) {}
  site::Answer ask(const site::Question& question) override;
  void tell(std::string_view line) override { output_.line("  " + std::string(line)); }

 private:
  const Output& output_;
  Replies replies_;
  ReadLine read_;
  bool echo_;
};

/// Reads standard input.
std::optional<std::string> read_standard_input_line();
bool standard_input_is_terminal();

}  // namespace medperf::cli
