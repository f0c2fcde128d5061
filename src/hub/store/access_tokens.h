#pragma once
// Tokens that users make for their programs; known by the hash of their text.

#include <optional>
#include <string>

#include "base/clock.h"
#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// `token` gets its id.
Status add_access_token(sql::Session& session, domain::Record& token,
                        const std::string& secret_hash);
Result<std::optional<domain::Record>> find_access_token(sql::Session& session,
                                                        const std::string& secret_hash);
Status touch_access_token(sql::Session& session, const std::string& secret_hash, Timestamp now);
/// How many a user has; each is a row that every request with it looks up.
Result<std::int64_t> count_access_tokens(sql::Session& session, std::int64_t user);
Status remove_access_tokens(sql::Session& session, std::int64_t user);

}  // namespace medperf::hub
