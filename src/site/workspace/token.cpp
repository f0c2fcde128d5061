#include "site/workspace/token.h"

#include <sys/stat.h>

#include "base/json.h"

namespace medperf::site {
namespace {
constexpr std::string_view kVersion = "medperf/token/v1";
constexpr std::string_view kSignIn =
    "sign in with 'medperf auth login --username NAME --password-file FILE'";
}  // namespace

Status save_token(const fs::path& file, const Token& token) {
  const Json document = Json::object({{"medperf", kVersion},
                                      {"access", token.access},
                                      {"username", token.username},
                                      {"hub", token.hub},
                                      {"expires_at", to_iso8601(token.expires_at)}});
  return write_file_atomically(file, to_text(document));
}

Result<std::optional<Token>> load_token(const fs::path& file) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0) return std::optional<Token>();
  if ((info.st_mode & 077) != 0) {
    return make_error(ErrorKind::kRefused, file.string(), "others may read the sign-in token",
                      "run 'medperf auth logout' and sign in again");
  }
  MEDPERF_TRY(std::string text, read_file(file, mebibytes(1)));
  auto document = parse_json(text);
  const bool known = document.ok() && document->get_string("medperf") == kVersion;
  auto expires = known ? parse_iso8601(document->get_string("expires_at"))
                       : Result<Timestamp>(make_error(ErrorKind::kCorrupt, "", ""));
  if (!expires.ok() || document->get_string("access").empty()) {
    return make_error(ErrorKind::kCorrupt, file.string(), "the sign-in token is unreadable",
                      std::string(kSignIn));
  }
  Token token;
  token.access = document->get_string("access");
  token.username = document->get_string("username");
  token.hub = document->get_string("hub");
  token.expires_at = *expires;
  return std::optional<Token>(std::move(token));
}

Result<Token> usable_token(const fs::path& file, const std::string& hub, Timestamp now) {
  MEDPERF_TRY(std::optional<Token> token, load_token(file));
  if (!token) {
    return make_error(ErrorKind::kUnauthenticated, hub, "nobody is signed in",
                      std::string(kSignIn));
  }
  if (token->hub != hub) {
    return make_error(ErrorKind::kUnauthenticated, hub, "the sign-in is for " + token->hub,
                      std::string(kSignIn));
  }
  if (token->expires_at <= now) {
    return make_error(ErrorKind::kUnauthenticated, hub,
                      "the sign-in expired at " + to_iso8601(token->expires_at),
                      std::string(kSignIn));
  }
  return std::move(*token);
}

}  // namespace medperf::site
