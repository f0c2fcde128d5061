#include "hub/store/references.h"

#include <string>

#include "domain/names.h"
#include "hub/store/columns.h"

namespace medperf::hub {

namespace {

/// SELECT <place>, organisation, closed_group of one row; not a row when it does not exist.
std::string question(std::size_t place, const ReferenceTo& wanted, const Sight& sight,
                     sql::Params& params) {
  const auto& table = domain::table_of(wanted.entity);
  const auto column = [&table](std::string_view name) {
    return table.find(name) != nullptr ? std::string(name) : "CAST(NULL AS BIGINT)";
  };
  std::string text = "SELECT " + std::to_string(place) + ", " + column(domain::kOrganisationField) +
                     ", " + column(domain::kClosedGroupField) + " FROM " +
                     std::string(sql_table(wanted.entity)) + " WHERE id = ?";
  params.emplace_back(wanted.id);
  const std::string& seen = visible_to(wanted.entity);
  if (!sight.is_whole() && !seen.empty()) text += " AND " + bound(seen, sight.user(), params);
  return text;
}

std::string questions(std::span<const ReferenceTo> wanted, const Sight& sight,
                      sql::Params& params) {
  std::string text;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    text += (i == 0 ? "" : " UNION ALL ") + question(i, wanted[i], sight, params);
  }
  return text;
}

domain::FieldValue number_or_null(const sql::Row& row, std::size_t column) {
  if (row.is_null(column)) return std::monostate();
  return row.integer(column);
}

}  // namespace

Result<std::optional<Reference>> find_reference(sql::Session& session, const Sight& sight,
                                                const ReferenceTo& wanted) {
  MEDPERF_TRY(auto found, find_references(session, sight, std::span(&wanted, 1)));
  return std::move(found.front());
}

Result<std::vector<std::optional<Reference>>> find_references(sql::Session& session,
                                                              const Sight& sight,
                                                              std::span<const ReferenceTo> wanted) {
  std::vector<std::optional<Reference>> found(wanted.size());
  if (wanted.empty()) return found;
  sql::Params params;
  const std::string text = questions(wanted, sight, params);
  MEDPERF_TRY(const auto rows, session.query(text, params));
  for (const auto& row : rows) {
    found[static_cast<std::size_t>(row.integer(0))] =
        Reference{number_or_null(row, 1), number_or_null(row, 2)};
  }
  return found;
}

void prefetch_references(sql::Session& session, const Sight& sight,
                         std::span<const ReferenceTo> wanted) {
  if (wanted.empty()) return;
  sql::Params params;
  const std::string text = questions(wanted, sight, params);
  session.prefetch(text, params);
}

}  // namespace medperf::hub
