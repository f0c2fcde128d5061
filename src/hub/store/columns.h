#pragma once
// Field tables as SQL columns: the only place where a record meets a row.

#include <string>
#include <string_view>

#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// Table of an entity.
std::string_view sql_table(domain::Entity entity);
/// "id, name, ...": every field of the entity in the order of its table, each with `prefix`
/// ("d." for an alias) before it.
std::string column_list(domain::Entity entity, std::string_view prefix = {});
/// column_list without a prefix, made once.
const std::string& columns_of(domain::Entity entity);
/// A condition as a column: 1 or 0 in both databases, and 0 of null.
std::string truth_column(std::string_view condition);
sql::Value to_sql(const domain::FieldValue& value);
/// The record in columns first, first + 1 ... of a row selected with column_list.
domain::Record read_record(domain::Entity entity, const sql::Row& row, std::size_t first = 0);

}  // namespace medperf::hub
