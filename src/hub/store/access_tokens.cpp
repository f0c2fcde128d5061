#include "hub/store/access_tokens.h"

#include "domain/names.h"
#include "hub/store/insertion.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

Status add_access_token(sql::Session& session, Record& token, const std::string& secret_hash) {
  MEDPERF_TRY(const auto id, insert_with(session, token, {{"secret_hash", secret_hash}}));
  token.set(domain::kId, id);
  return {};
}

Result<std::optional<Record>> find_access_token(sql::Session& session,
                                                const std::string& secret_hash) {
  return Repository(Entity::kAccessToken, Sight::whole())
      .find_where(session, "secret_hash = ?", {secret_hash});
}

Status touch_access_token(sql::Session& session, const std::string& secret_hash, Timestamp now) {
  MEDPERF_CHECK(session.execute("UPDATE access_tokens SET last_used_at = ? WHERE secret_hash = ?",
                                {now.microseconds, secret_hash}));
  return {};
}

Result<std::int64_t> count_access_tokens(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT COUNT(*) FROM access_tokens WHERE owner = ?", {user}));
  return rows.front().integer(0);
}

Status remove_access_tokens(sql::Session& session, std::int64_t user) {
  MEDPERF_CHECK(session.execute("DELETE FROM access_tokens WHERE owner = ?", {user}));
  return {};
}

}  // namespace medperf::hub
