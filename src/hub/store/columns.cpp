#include "hub/store/columns.h"

#include <map>
#include <variant>

namespace medperf::hub {

using domain::Entity;
using domain::FieldType;
using domain::FieldValue;

std::string_view sql_table(Entity entity) {
  // Below the path "keys/" are only the keys that sites sign with; the table says which keys.
  return entity == Entity::kSiteKey ? "site_keys" : domain::table_of(entity).plural;
}

std::string column_list(Entity entity, std::string_view prefix) {
  std::string list;
  for (const auto& field : domain::table_of(entity).fields) {
    if (!list.empty()) list += ", ";
    list += prefix;
    list += field.name;
  }
  return list;
}

const std::string& columns_of(Entity entity) {
  static const auto kLists = [] {
    std::map<Entity, std::string> lists;
    for (const Entity one : domain::all_entities()) lists.emplace(one, column_list(one));
    return lists;
  }();
  return kLists.at(entity);
}

std::string truth_column(std::string_view condition) {
  return "CASE WHEN " + std::string(condition) + " THEN 1 ELSE 0 END";
}

sql::Value to_sql(const FieldValue& value) {
  struct Visitor {
    sql::Value operator()(std::monostate) const { return nullptr; }
    sql::Value operator()(bool flag) const { return std::int64_t{flag ? 1 : 0}; }
    sql::Value operator()(std::int64_t number) const { return number; }
    sql::Value operator()(const std::string& text) const { return text; }
    sql::Value operator()(const domain::JsonText& json) const { return json.bytes; }
    sql::Value operator()(Timestamp time) const { return time.microseconds; }
  };
  return std::visit(Visitor{}, value);
}

namespace {

FieldValue from_sql(FieldType type, const sql::Row& row, std::size_t column) {
  if (row.is_null(column)) return std::monostate{};
  switch (type) {
    case FieldType::kText:
    case FieldType::kChoice:
      return row.text(column);
    case FieldType::kBoolean:
      return row.integer(column) != 0;
    case FieldType::kInteger:
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return row.integer(column);
    case FieldType::kJson:
      return domain::JsonText{row.text(column)};
    case FieldType::kTime:
      return Timestamp{row.integer(column)};
  }
  return std::monostate{};
}

}  // namespace

domain::Record read_record(Entity entity, const sql::Row& row, std::size_t first) {
  domain::Record record(entity);
  const auto fields = domain::table_of(entity).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    record.set(i, from_sql(fields[i].type, row, first + i));
  }
  return record;
}

}  // namespace medperf::hub
