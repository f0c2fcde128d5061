#include "wire/shell_words.h"

namespace medperf::wire {
namespace {

Error unfinished(std::string what) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what), "Write the command as a list.");
}

}  // namespace

Result<std::vector<std::string>> split_shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'') {
      if (i + 1 == text.size()) return unfinished("The command ends in a backslash");
      const char next = text[++i];
      // Inside double quotes a backslash is itself unless it shields a quote or a backslash.
      if (quote == '"' && next != '"' && next != '\\') word += '\\';
      word += next;
      in_word = true;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote != 0) {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return unfinished("The command has a quote that is not closed");
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace medperf::wire
