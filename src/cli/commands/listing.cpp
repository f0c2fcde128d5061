#include "cli/commands/listing.h"

#include <fmt/format.h>
#include "domain/field_choices.h"

namespace medperf::cli {

std::string cell_text(const Json* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return value->as_string();
  if (value->is_bool()) return value->as_bool() ? "yes" : "no";
  return to_text(*value);
}

Result<int> list_entities(Invocation& call, const site::Path<site::kGet>& path,
                          domain::Entity entity, std::string_view left_out) {
  std::vector<std::string> columns;
  for (const std::string_view field : domain::brief_fields(entity)) {
    if (field != left_out) columns.emplace_back(field);
  }
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(std::vector<Json> rows, hub->list(path));
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (const std::string& column : columns) line.push_back(cell_text(row.find(column)));
  }
  if (!call.out().is_json()) {
    call.out().line(cells.empty() ? "none" : table_text(columns, cells));
  }
  call.out().result(Json(Json::Array(rows.begin(), rows.end())));
  return 0;
}

Result<int> view_entity(Invocation& call, const site::Path<site::kGet>& path) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(Json entity, hub->get(path));
  if (call.out().is_json()) {
    call.out().result(entity);
  } else {
    call.out().line(to_pretty_text(entity));
  }
  return 0;
}

Result<int> report_registration(Invocation& call, std::string_view what, std::int64_t id,
                                bool already, std::string_view done) {
  call.out().line(fmt::format("{} {}: {}{}", what, id, already ? "already " : "", done));
  call.out().result(Json::object({{"id", id}, {"already", already}}));
  return 0;
}

}  // namespace medperf::cli
