#include "hub/store/first_rows.h"

#include "hub/store/accounts.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

constexpr std::string_view kSuperuserEmail = "superuser@localhost";
constexpr std::string_view kFirstImage = "none";
constexpr std::string_view kFirstAuthority = "MLCommons CA";

}  // namespace

Status add_first_rows(sql::Session& session, Timestamp now) {
  MEDPERF_TRY(auto users, session.query("SELECT COUNT(*) FROM users"));
  if (users.front().integer(0) > 0) return {};
  MEDPERF_TRY(
      auto owner,
      add_account(session, {std::string(kSuperuser), std::string(kSuperuserEmail), true, {}}, now));
  const std::int64_t time = now.microseconds;
  MEDPERF_TRY(auto rows,
              session.query("INSERT INTO mlcubes (name, container_config, parameters_config, "
                            "image_hash, additional_files_tarball_url, "
                            "additional_files_tarball_hash, state, is_valid, metadata, "
                            "user_metadata, owner, created_at, modified_at) VALUES ('MLCommons CA "
                            "MLCube', '{}', NULL, ?, '', '', 'OPERATION', 1, '{}', '{}', ?, ?, "
                            "?) RETURNING id",
                            {std::string(kFirstImage), owner, time, time}));
  const std::int64_t container = rows.front().integer(0);
  MEDPERF_CHECK(session.execute(
      "INSERT INTO cas (name, config, client_mlcube, server_mlcube, ca_mlcube, is_valid, metadata, "
      "owner, created_at, modified_at) VALUES (?, '{}', ?, ?, ?, 1, '{}', ?, ?, ?)",
      {std::string(kFirstAuthority), container, container, container, owner, time, time}));
  return ledger::append(session, {"hub.init", std::string(kSuperuser), Json::object()}, now);
}

bool is_first_row(const domain::Record& record) {
  if (record.id() != 1) return false;
  switch (record.entity()) {
    case domain::Entity::kUser:
      return record.text("username") == kSuperuser && record.text("email") == kSuperuserEmail;
    case domain::Entity::kContainer:
      return record.text("image_hash") == kFirstImage &&
             record.get("created_at") == record.get("modified_at");
    case domain::Entity::kCa:
      return record.text("name") == kFirstAuthority;
    default:
      return false;
  }
}

}  // namespace medperf::hub
