#include "hub/store/first_rows.h"

#include "domain/names.h"
#include "domain/rules.h"
#include "hub/store/accounts.h"
#include "hub/store/repository.h"
#include "ledger/ledger.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

constexpr std::string_view kSuperuserEmail = "superuser@localhost";
constexpr std::string_view kFirstImage = "none";
constexpr std::string_view kFirstAuthority = "MLCommons CA";

Record made_first(Entity entity, std::string_view name, std::int64_t owner, Timestamp now) {
  Record record(entity);
  record.set(domain::kName, std::string(name));
  record.set(domain::kOwnerField, owner);
  record.set(domain::kCreatedAt, now);
  record.set(domain::kModifiedAt, now);
  return record;
}

}  // namespace

Status add_first_rows(sql::Session& session, Timestamp now) {
  MEDPERF_TRY(auto users, session.query("SELECT COUNT(*) FROM users"));
  if (users.front().integer(0) > 0) return {};
  MEDPERF_TRY(
      auto owner,
      add_account(session, {std::string(kSuperuser), std::string(kSuperuserEmail), true, {}}, now));
  Record container = made_first(Entity::kContainer, "MLCommons CA MLCube", owner, now);
  container.set("container_config", domain::JsonText{"{}"});
  container.set("image_hash", std::string(kFirstImage));
  container.set(domain::kState, std::string(domain::kOperation));
  MEDPERF_CHECK(Repository(Entity::kContainer, Sight::whole()).insert(session, container));
  Record authority = made_first(Entity::kCa, kFirstAuthority, owner, now);
  authority.set("config", domain::JsonText{"{}"});
  authority.set("client_mlcube", container.id());
  authority.set("server_mlcube", container.id());
  authority.set("ca_mlcube", container.id());
  MEDPERF_CHECK(Repository(Entity::kCa, Sight::whole()).insert(session, authority));
  return ledger::append(session, {"hub.init", std::string(kSuperuser), Json::object()}, now);
}

bool is_first_row(const domain::Record& record) {
  if (record.id() != 1) return false;
  switch (record.entity()) {
    case Entity::kUser:
      return record.text("username") == kSuperuser && record.text("email") == kSuperuserEmail;
    case Entity::kContainer:
      return record.text("image_hash") == kFirstImage &&
             record.get("created_at") == record.get("modified_at");
    case Entity::kCa:
      return record.text("name") == kFirstAuthority;
    default:
      return false;
  }
}

}  // namespace medperf::hub
