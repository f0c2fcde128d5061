#include "engine/image/secret_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace medperf::engine {
namespace {

struct TokenForm {
  std::string_view prefix;
  std::size_t length;     ///< of what follows, at least
  std::string_view more;  ///< characters besides letters and digits
  std::string_view kind;
};

constexpr std::array<TokenForm, 10> kForms = {{
    {"AKIA", 16, "", "a cloud access key"},
    {"ASIA", 16, "", "a cloud access key"},
    {"ghp_", 36, "", "a GitHub token"},
    {"gho_", 36, "", "a GitHub token"},
    {"github_pat_", 82, "_", "a GitHub token"},
    {"glpat-", 20, "-_", "a GitLab token"},
    {"xoxb-", 20, "-", "a Slack token"},
    {"xoxp-", 20, "-", "a Slack token"},
    {"AIza", 35, "-_", "a Google API key"},
    {"hf_", 34, "", "a Hugging Face token"},
}};
constexpr std::size_t kKeyBytes = 32;  // of base64 in the line after a key's first one

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool is_of(char c, std::string_view more) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || more.find(c) != std::string_view::npos;
}

// Documentation writes EXAMPLE into its made-up keys, and repeats one character.
bool is_made_up(std::string_view token) {
  return token.ends_with("EXAMPLE") || token.find_first_not_of(token.front()) == std::string::npos;
}

bool has_token(std::string_view text, const TokenForm& form) {
  for (std::size_t at = text.find(form.prefix); at != std::string_view::npos;
       at = text.find(form.prefix, at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    const std::string_view rest = text.substr(at + form.prefix.size());
    const auto end =
        std::find_if_not(rest.begin(), rest.end(), [&](char c) { return is_of(c, form.more); });
    const auto length = static_cast<std::size_t>(end - rest.begin());
    const bool cloud = form.prefix.size() == 4 && form.length == 16;
    if (length < form.length || (cloud && length != form.length)) continue;
    if (!is_made_up(rest.substr(0, length))) return true;
  }
  return false;
}

// A header alone is what programs that read keys hold; a key has its bytes in the next lines.
bool has_private_key(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos;
       at = text.find(kBegin, at + 1)) {
    const auto line_end = text.find('\n', at);
    if (line_end == std::string_view::npos) return false;
    const std::string_view header = text.substr(at, line_end - at);
    if (header.find("PRIVATE KEY") == std::string_view::npos) continue;
    const std::string_view body = text.substr(line_end + 1, 1000);
    std::size_t run = 0;
    for (const char c : body) {
      run = is_of(c, "+/=") ? run + 1 : 0;
      if (run >= kKeyBytes) return true;
      if (c == '-') break;
    }
  }
  return false;
}

}  // namespace

std::optional<std::string_view> find_secret(std::string_view text) {
  if (has_private_key(text)) return "a private key";
  for (const TokenForm& form : kForms) {
    if (has_token(text, form)) return form.kind;
  }
  return std::nullopt;
}

bool is_secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kWords = {
      "password", "passwd", "secret", "api_key", "apikey", "private", "credential"};
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text.ends_with("token")) return true;
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace medperf::engine
