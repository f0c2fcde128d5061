#pragma once
// Browser sessions; known by the hash of the secret in their cookie.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

struct BrowserSession {
  std::int64_t user = 0;
  Timestamp last_seen_at;
  Timestamp expires_at;
};

/// By what its user knows a session again; printable.
struct SessionOrigin {
  std::string client;  ///< what the browser says it is; empty of sessions older than schema 10
  std::string peer;    ///< address it came from
};

/// Also drops the sessions that ended before `now`.
Status add_session(sql::Session& session, const std::string& secret_hash,
                   const BrowserSession& added, const SessionOrigin& origin, Timestamp now);
Result<std::optional<BrowserSession>> find_session(sql::Session& session,
                                                   const std::string& secret_hash);
/// A session as its user sees it.
struct OwnSession {
  std::string secret_hash;
  Timestamp created_at;
  BrowserSession session;
  SessionOrigin origin;
};
/// Those of a user, the newest first; some may have ended.
Result<std::vector<OwnSession>> sessions_of(sql::Session& session, std::int64_t user);
Status touch_session(sql::Session& session, const std::string& secret_hash, Timestamp now);
Status remove_session(sql::Session& session, const std::string& secret_hash);

}  // namespace medperf::hub
