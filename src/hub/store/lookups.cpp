#include "hub/store/lookups.h"

#include <string>
#include <utility>

#include "domain/names.h"
#include "hub/store/repository.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;

FoundRecord find_key(sql::Session& session, const Sight& sight, std::string_view key_id) {
  return Repository(Entity::kSiteKey, sight)
      .find_where(session, "key_id = ?", {std::string(key_id)});
}

FoundRecord find_valid_key(sql::Session& session, const Sight& sight, std::int64_t owner) {
  return Repository(Entity::kSiteKey, sight)
      .find_where(session, "owner = ? AND is_valid = 1", {owner});
}

FoundRecord find_valid_encrypted_key(sql::Session& session, const Sight& sight,
                                     std::int64_t certificate, std::int64_t container) {
  return Repository(Entity::kEncryptedKey, sight)
      .find_where(session, "certificate = ? AND container = ? AND is_valid = 1",
                  {certificate, container});
}

FoundRecord find_pending_benchmark(sql::Session& session, const Sight& sight, std::int64_t owner) {
  return Repository(Entity::kBenchmark, sight)
      .find_where(session, "owner = ? AND approval_status = 'PENDING'", {owner});
}

FoundRecord find_model_of(sql::Session& session, const Sight& sight, Entity wrapped,
                          std::int64_t id) {
  const std::string_view field = wrapped == Entity::kContainer ? "container" : "asset";
  return Repository(Entity::kModel, sight).find_where(session, equals(field), {id});
}

FoundRecord find_membership(sql::Session& session, const Sight& sight, std::int64_t organisation,
                            std::int64_t member) {
  return Repository(Entity::kMembership, sight)
      .find_where(session, "organisation = ? AND member = ?", {organisation, member});
}

FoundRecord find_insider(sql::Session& session, const Sight& sight, std::int64_t closed_group,
                         std::int64_t row) {
  return Repository(Entity::kClosedGroupMember, sight)
      .find_where(session, "id = ? AND closed_group = ?", {row, closed_group});
}

FoundRecord running_event(sql::Session& session, std::int64_t training) {
  return Repository(Entity::kTrainingEvent, Sight::whole())
      .find_where(session, "training_exp = ? AND finished = 0", {training});
}

FoundRecord latest_event(sql::Session& session, std::int64_t training) {
  Selection newest = rows_with("training_exp", training);
  newest.order = "created_at DESC, id DESC";
  newest.limit = 1;
  MEDPERF_TRY(auto rows,
              Repository(Entity::kTrainingEvent, Sight::whole()).select(session, newest));
  if (rows.empty()) return std::optional<domain::Record>();
  return std::optional<domain::Record>(std::move(rows.front()));
}

}  // namespace medperf::hub
