#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>

#include "base/encoding.h"

namespace medperf::cli {
namespace {

constexpr std::size_t kMaxAnswer = 200;

void write_prompt(bool json, const std::string& text) {
  std::FILE* file = json ? stderr : stdout;
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

site::Answer Terminal::ask(const site::Question& question) {
  output_.line("");
  output_.line(question.title);
  output_.line(question.text);
  if (replies_ == Replies::kLater) {
    output_.line(question.prompt + " left open (--no-input)");
    return site::Answer::kLater;
  }
  write_prompt(output_.is_json(), question.prompt + " [y/N] ");
  if (replies_ == Replies::kYes && question.optional) {
    output_.line("answered: n (--yes leaves it)");
    return site::Answer::kUnanswered;
  }
  if (replies_ == Replies::kYes) {
    output_.line("answered: y (--yes)");
    return site::Answer::kYes;
  }
  const std::optional<std::string> line = read_();
  if (!line) {
    output_.line("no answer: taken as no");
    return site::Answer::kUnanswered;
  }
  const std::string_view answer = trim(*line);
  if (echo_) output_.line("answered: " + printable(answer, 20));
  const bool yes = answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes";
  return yes ? site::Answer::kYes : site::Answer::kNo;
}

std::optional<std::string> read_standard_input_line() {
  // Read byte by byte: what follows the line belongs to the next question or program.
  std::string line;
  while (true) {
    char c = 0;
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count <= 0) return line.empty() ? std::nullopt : std::optional<std::string>(line);
    if (c == '\n') return line;
    if (line.size() < kMaxAnswer) line.push_back(c);
  }
}

bool standard_input_is_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

}  // namespace medperf::cli
