#include "hub/store/sessions.h"

namespace medperf::hub {

Status add_session(sql::Session& session, const std::string& secret_hash,
                   const BrowserSession& added, const SessionOrigin& origin, Timestamp now) {
  MEDPERF_CHECK(session.execute("DELETE FROM sessions WHERE expires_at < ?", {now.microseconds}));
  MEDPERF_CHECK(
      session.execute("INSERT INTO sessions (secret_hash, user_id, created_at, "
                      "last_seen_at, expires_at, client, peer) VALUES (?, ?, ?, ?, ?, ?, ?)",
                      {secret_hash, added.user, now.microseconds, added.last_seen_at.microseconds,
                       added.expires_at.microseconds, origin.client, origin.peer}));
  return {};
}

Result<std::optional<BrowserSession>> find_session(sql::Session& session,
                                                   const std::string& secret_hash) {
  MEDPERF_TRY(auto rows, session.query("SELECT user_id, last_seen_at, expires_at FROM sessions "
                                       "WHERE secret_hash = ?",
                                       {secret_hash}));
  if (rows.empty()) return std::optional<BrowserSession>();
  const sql::Row& row = rows.front();
  return std::optional<BrowserSession>(
      BrowserSession{row.integer(0), {row.integer(1)}, {row.integer(2)}});
}

Result<std::vector<OwnSession>> sessions_of(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(
      auto rows,
      session.query("SELECT secret_hash, created_at, last_seen_at, expires_at, client, peer "
                    "FROM sessions WHERE user_id = ? ORDER BY created_at DESC, secret_hash",
                    {user}));
  std::vector<OwnSession> sessions;
  sessions.reserve(rows.size());
  for (const auto& row : rows) {
    sessions.push_back({row.text(0),
                        {row.integer(1)},
                        {user, {row.integer(2)}, {row.integer(3)}},
                        {row.text(4), row.text(5)}});
  }
  return sessions;
}

Status touch_session(sql::Session& session, const std::string& secret_hash, Timestamp now) {
  MEDPERF_CHECK(session.execute("UPDATE sessions SET last_seen_at = ? WHERE secret_hash = ?",
                                {now.microseconds, secret_hash}));
  return {};
}

Status remove_session(sql::Session& session, const std::string& secret_hash) {
  MEDPERF_CHECK(session.execute("DELETE FROM sessions WHERE secret_hash = ?", {secret_hash}));
  return {};
}

}  // namespace medperf::hub
