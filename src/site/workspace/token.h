#pragma once
// The sign-in kept between commands: token.json, 0600.

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/files.h"

namespace medperf::site {

struct Token {
  std::string access;  ///< secret
  std::string username;
  std::string hub;  ///< the hub it was given by; sent to no other
  Timestamp expires_at;
};

Status save_token(const fs::path& file, const Token& token);
/// Nothing when nobody signed in. Errors: corrupt; refused, when others may read the file.
Result<std::optional<Token>> load_token(const fs::path& file);
/// The token to send to `hub` now. Errors: unauthenticated, with what to do.
Result<Token> usable_token(const fs::path& file, const std::string& hub, Timestamp now);

}  // namespace medperf::site
