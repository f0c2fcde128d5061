#include "hub/store/takeover.h"

#include <algorithm>

#include "domain/names.h"
#include "hub/store/columns.h"
#include "hub/store/first_rows.h"
#include "hub/store/repository.h"
#include "hub/store/tables.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

Status set_flags(sql::Session& session, const Record& record, const AccountFlags& flags) {
  if (record.entity() != Entity::kUser) return {};
  MEDPERF_CHECK(
      session.execute("UPDATE users SET is_active = ?, is_superuser = ? WHERE id = ?",
                      {std::int64_t{flags.active}, std::int64_t{flags.admin}, record.id()}));
  return {};
}

bool same_value(const domain::FieldValue& left, const domain::FieldValue& right) {
  const auto* left_json = std::get_if<domain::JsonText>(&left);
  const auto* right_json = std::get_if<domain::JsonText>(&right);
  if (left_json == nullptr || right_json == nullptr) return left == right;
  if (left_json->bytes == right_json->bytes) return true;
  const auto a = parse_json(left_json->bytes);
  const auto b = parse_json(right_json->bytes);
  return a.ok() && b.ok() && *a == *b;
}

bool same_content(const Record& left, const Record& right) {
  for (std::size_t i = 0; i < left.table().fields.size(); ++i) {
    if (!same_value(left.at(i), right.at(i))) return false;
  }
  return true;
}

}  // namespace

Result<Taken> take_row(sql::Session& session, const Record& record, const AccountFlags& flags) {
  const Repository rows(record.entity(), Sight::whole());
  MEDPERF_TRY(auto existing, rows.find(session, record.id()));
  if (!existing) {
    MEDPERF_CHECK(rows.insert_with_id(session, record));
  } else if (same_content(*existing, record)) {
    return Taken::kAlreadyThere;
  } else if (is_first_row(*existing)) {
    MEDPERF_CHECK(rows.update(session, record));
  } else {
    return make_error(ErrorKind::kConflict,
                      std::string(sql_table(record.entity())) + "." + std::string(domain::kId),
                      "another row has this id here");
  }
  MEDPERF_CHECK(set_flags(session, record, flags));
  return Taken::kStored;
}

Status follow_taken_ids(sql::Session& session, Entity entity, std::int64_t last_id) {
  TableShape table;
  table.name = sql_table(entity);
  table.key = {std::string(domain::kId)};
  // Drawn ids are no part of the count.
  MEDPERF_TRY(auto rows,
              session.query("SELECT COALESCE(MAX(id), 0) FROM " + table.name + " WHERE id < ?",
                            {kLeastDrawnId}));
  MEDPERF_TRY(auto given, last_given_id(session, table));
  if (!given) return {};
  const auto counted = *given < kLeastDrawnId ? *given : 0;
  const auto last = std::max({rows.front().integer(0), counted, last_id});
  return set_last_given_id(session, table, last);
}

}  // namespace medperf::hub
