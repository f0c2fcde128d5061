#include "hub/store/invitations.h"

#include "domain/names.h"
#include "hub/store/insertion.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

Status add_invitation(sql::Session& session, Record& invitation, const std::string& secret_hash) {
  MEDPERF_TRY(const auto id, insert_with(session, invitation, {{"secret_hash", secret_hash}}));
  invitation.set(domain::kId, id);
  return {};
}

Result<std::optional<Record>> find_invitation(sql::Session& session, const std::string& secret_hash,
                                              Timestamp now) {
  return Repository(Entity::kInvitation, Sight::whole())
      .find_where(session, "secret_hash = ? AND used_at IS NULL AND expires_at > ?",
                  {secret_hash, now.microseconds});
}

Result<bool> use_invitation(sql::Session& session, std::int64_t id, Timestamp now) {
  MEDPERF_TRY(auto changed, session.execute("UPDATE invitations SET used_at = ? WHERE id = ? AND "
                                            "used_at IS NULL",
                                            {now.microseconds, id}));
  return changed > 0;
}

Status put_password_reset(sql::Session& session, std::int64_t user, const std::string& secret_hash,
                          Timestamp expires_at) {
  MEDPERF_CHECK(session.execute(
      "INSERT INTO password_resets (user_id, secret_hash, expires_at) VALUES (?, ?, ?) ON CONFLICT "
      "(user_id) DO UPDATE SET secret_hash = excluded.secret_hash, expires_at = "
      "excluded.expires_at",
      {user, secret_hash, expires_at.microseconds}));
  return {};
}

Result<std::optional<std::int64_t>> find_password_reset(sql::Session& session,
                                                        const std::string& secret_hash,
                                                        Timestamp now) {
  MEDPERF_TRY(auto rows, session.query("SELECT user_id FROM password_resets WHERE secret_hash = ? "
                                       "AND expires_at > ?",
                                       {secret_hash, now.microseconds}));
  if (rows.empty()) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(rows.front().integer(0));
}

Result<bool> remove_password_reset(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(auto removed,
              session.execute("DELETE FROM password_resets WHERE user_id = ?", {user}));
  return removed > 0;
}

}  // namespace medperf::hub
