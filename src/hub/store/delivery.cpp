#include "hub/store/delivery.h"

namespace medperf::hub {

Result<std::optional<StoredAnswer>> find_answer(sql::Session& session, std::int64_t user,
                                                std::string_view key, Timestamp expired) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT request_digest, status, body FROM idempotency_keys WHERE "
                            "user_id = ? AND idempotency_key = ? AND created_at >= ?",
                            {user, std::string(key), expired.microseconds}));
  if (rows.empty()) return std::optional<StoredAnswer>();
  const sql::Row& row = rows.front();
  return std::optional<StoredAnswer>(
      StoredAnswer{row.text(0), static_cast<int>(row.integer(1)), row.text(2)});
}

Status keep_answer(sql::Session& session, std::int64_t user, std::string_view key,
                   const StoredAnswer& answer, Timestamp now, Timestamp expired) {
  MEDPERF_TRY(
      const auto kept,
      session.execute("INSERT INTO idempotency_keys (user_id, idempotency_key, "
                      "request_digest, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT (user_id, idempotency_key) DO UPDATE SET "
                      "request_digest = excluded.request_digest, status = excluded.status, "
                      "body = excluded.body, created_at = excluded.created_at "
                      "WHERE idempotency_keys.created_at < ?",
                      {user, std::string(key), answer.request_digest, std::int64_t{answer.status},
                       answer.body, now.microseconds, expired.microseconds}));
  if (kept == 1) return {};
  return make_error(ErrorKind::kConflict, "Idempotency-Key", "this key was used before");
}

Status forget_answers(sql::Session& session, Timestamp expired) {
  MEDPERF_CHECK(
      session.execute("DELETE FROM idempotency_keys WHERE created_at < ?", {expired.microseconds}));
  return {};
}

Status announce(sql::Session& session, std::string_view kind, std::int64_t recipient,
                const Json& body, Timestamp now) {
  MEDPERF_CHECK(
      session.execute("INSERT INTO outbox (kind, recipient, body, created_at) VALUES (?, ?, ?, ?)",
                      {std::string(kind), recipient, to_text(body), now.microseconds}));
  return {};
}

}  // namespace medperf::hub
