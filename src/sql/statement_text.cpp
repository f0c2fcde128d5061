// Looking into the text of our own SQL statements: placeholders and the table written to.

#include <cctype>

#include "sql/driver.h"

namespace medperf::sql {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The end of a quoted piece that starts at `from` with its quote; doubled quotes stay inside.
std::size_t end_of_quoted(std::string_view text, std::size_t from, bool backslash_escapes) {
  const char quote = text[from];
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (backslash_escapes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 < text.size() && text[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return text.size();
}

std::size_t end_of_block_comment(std::string_view text, std::size_t from) {
  int depth = 0;
  for (std::size_t i = from; i + 1 < text.size(); ++i) {
    if (text[i] == '/' && text[i + 1] == '*') {
      ++depth;
      ++i;
    } else if (text[i] == '*' && text[i + 1] == '/') {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return text.size();
}

/// The end of a $tag$...$tag$ string, or `from` when there is none here.
std::size_t end_of_dollar_quoted(std::string_view text, std::size_t from) {
  if (from > 0 && is_name_character(text[from - 1])) return from;
  std::size_t i = from + 1;
  while (i < text.size() && is_name_character(text[i])) ++i;
  const bool numbered = i > from + 1 && std::isdigit(static_cast<unsigned char>(text[from + 1]));
  if (i >= text.size() || text[i] != '$' || numbered) return from;
  const std::string_view tag = text.substr(from, i + 1 - from);
  const std::size_t close = text.find(tag, i + 1);
  return close == std::string_view::npos ? text.size() : close + tag.size();
}

/// The end of the string, quoted name or comment that starts at `i`, or `i` when none does.
std::size_t skip_opaque(std::string_view text, std::size_t i) {
  const std::string_view two = text.substr(i, 2);
  if (text[i] == '\'') {
    const bool escapes = i > 0 && (text[i - 1] == 'E' || text[i - 1] == 'e') &&
                         (i == 1 || !is_name_character(text[i - 2]));
    return end_of_quoted(text, i, escapes);
  }
  if (text[i] == '"') return end_of_quoted(text, i, false);
  if (text[i] == '$') return end_of_dollar_quoted(text, i);
  if (two == "/*") return end_of_block_comment(text, i);
  if (two == "--") {
    const std::size_t end = text.find('\n', i);
    return end == std::string_view::npos ? text.size() : end;
  }
  return i;
}

/// Takes the next word (in lower case) or quoted name from `text`.
std::string next_word(std::string_view& text) {
  std::size_t i = 0;
  while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i])) != 0) ++i;
  std::size_t end = i;
  std::string word;
  if (i < text.size() && text[i] == '"') {
    end = end_of_quoted(text, i, false);
    if (end > i + 2) word = text.substr(i + 1, end - i - 2);
  } else {
    while (end < text.size() && is_name_character(text[end])) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[end++])));
    }
  }
  text.remove_prefix(end);
  return word;
}

}  // namespace

NumberedStatement number_placeholders(std::string_view statement) {
  NumberedStatement numbered;
  numbered.text.reserve(statement.size() + 16);
  for (std::size_t i = 0; i < statement.size();) {
    const std::size_t end = skip_opaque(statement, i);
    if (end > i) {
      numbered.text.append(statement.substr(i, end - i));
      i = end;
    } else if (statement[i] == '?') {
      numbered.text += '$' + std::to_string(++numbered.parameters);
      ++i;
    } else {
      numbered.text += statement[i++];
    }
  }
  return numbered;
}

std::string written_table(std::string_view statement) {
  const std::string verb = next_word(statement);
  if (verb == "insert") {
    std::string word = next_word(statement);
    while (word == "or" || word == "ignore" || word == "replace") word = next_word(statement);
    return word == "into" ? next_word(statement) : std::string();
  }
  if (verb == "delete") return next_word(statement) == "from" ? next_word(statement) : "";
  if (verb == "update") return next_word(statement);
  return {};
}

}  // namespace medperf::sql
