#include "hub/store/insertion.h"

#include <string>

#include "hub/store/columns.h"

namespace medperf::hub {

Result<std::int64_t> insert_with(sql::Session& session, const domain::Record& record,
                                 const std::vector<HiddenColumn>& hidden) {
  std::string columns;
  std::string marks;
  sql::Params params;
  const auto add = [&](std::string_view column, sql::Value value) {
    const std::string_view comma = params.empty() ? "" : ", ";
    columns += std::string(comma) + std::string(column);
    marks += std::string(comma) + "?";
    params.push_back(std::move(value));
  };
  const auto fields = record.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type != domain::FieldType::kIdentifier) add(fields[i].name, to_sql(record.at(i)));
  }
  for (const auto& [name, value] : hidden) add(name, value);
  MEDPERF_TRY(auto rows, session.query("INSERT INTO " + std::string(sql_table(record.entity())) +
                                           " (" + columns + ") VALUES (" + marks + ") RETURNING id",
                                       params));
  return rows.front().integer(0);
}

}  // namespace medperf::hub
