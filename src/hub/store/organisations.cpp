#include "hub/store/organisations.h"

namespace medperf::hub {

Result<bool> is_member(sql::Session& session, std::int64_t user, std::int64_t organisation) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT 1 FROM acting_members WHERE member = ? AND organisation = ?",
                            {user, organisation}));
  return !rows.empty();
}

Result<std::vector<std::int64_t>> people_of(sql::Session& session,
                                            std::optional<std::int64_t> organisation,
                                            std::int64_t owner) {
  if (!organisation) return std::vector<std::int64_t>{owner};
  MEDPERF_TRY(auto rows, session.query("SELECT member FROM acting_members WHERE organisation = ? "
                                       "ORDER BY member",
                                       {*organisation}));
  std::vector<std::int64_t> people;
  for (const auto& row : rows) people.push_back(row.integer(0));
  return people;
}

Result<std::int64_t> other_owners(sql::Session& session, std::int64_t organisation,
                                  std::int64_t user) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT COUNT(*) FROM organisation_members WHERE organisation = ? AND "
                            "member <> ? AND role = 'OWNER' AND status = 'ACCEPTED'",
                            {organisation, user}));
  return rows.front().integer(0);
}

Status clear_active_organisation(sql::Session& session, std::int64_t user) {
  MEDPERF_CHECK(session.execute(
      "UPDATE organisation_members SET active = 0 WHERE member = ? AND active = 1", {user}));
  return {};
}

Result<std::optional<std::int64_t>> active_organisation(sql::Session& session, std::int64_t user) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT organisation FROM organisation_members WHERE member = ? AND "
                            "active = 1 AND status = 'ACCEPTED'",
                            {user}));
  if (rows.empty()) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(rows.front().integer(0));
}

}  // namespace medperf::hub
