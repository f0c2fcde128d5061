#include "hub/store/repository.h"

#include "crypto/sha256.h"
#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

struct Assignment {
  std::string column;
  sql::Value value;
};

/// Every stored column but the id, with those that follow from the fields.
std::vector<Assignment> assignments(const Record& record) {
  std::vector<Assignment> list;
  const auto fields = record.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type == domain::FieldType::kIdentifier) continue;
    list.push_back({std::string(fields[i].name), to_sql(record.at(i))});
  }
  if (record.entity() == Entity::kContainer) {
    auto digest = container_uniqueness(record);
    list.push_back({"uniqueness", digest ? sql::Value(*digest) : sql::Value(nullptr)});
  }
  return list;
}

std::string select_text(Entity entity, const Selection& selection, sql::Params& params) {
  std::string text = "SELECT " + column_list(entity) + " FROM " + std::string(sql_table(entity));
  if (!selection.where.empty()) text += " WHERE " + selection.where;
  text += " ORDER BY " + (selection.order.empty() ? default_order(entity) : selection.order);
  if (selection.limit >= 0) {
    text += " LIMIT ? OFFSET ?";
    params.emplace_back(selection.limit);
    params.emplace_back(selection.offset);
  }
  return text;
}

}  // namespace

void Selection::add(std::string_view condition, sql::Value value) {
  if (!where.empty()) where += " AND ";
  where += condition;
  params.push_back(std::move(value));
}

std::string default_order(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return "id";
    case Entity::kSiteKey:
    case Entity::kCa:
    case Entity::kCertificate:
    case Entity::kEncryptedKey:
    case Entity::kAggregator:
    case Entity::kTrainingAssociation:
    case Entity::kTrainingEvent:
      return "created_at, id";
    case Entity::kModelAssociation:
      return "priority DESC, id";
    default:
      return "modified_at, id";
  }
}

Result<std::optional<Record>> Repository::find(sql::Session& session, std::int64_t id) const {
  return find_where(session, "id = ?", {id});
}

Result<Record> Repository::get(sql::Session& session, std::int64_t id) const {
  MEDPERF_TRY(auto found, find(session, id));
  if (!found) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return std::move(*found);
}

Result<std::optional<Record>> Repository::find_where(sql::Session& session, std::string_view where,
                                                     const sql::Params& params) const {
  Selection selection;
  selection.where = where;
  selection.params = params;
  selection.limit = 1;
  MEDPERF_TRY(auto rows, select(session, selection));
  if (rows.empty()) return std::optional<Record>();
  return std::optional<Record>(std::move(rows.front()));
}

Result<std::vector<Record>> Repository::select(sql::Session& session,
                                               const Selection& selection) const {
  sql::Params params = selection.params;
  const std::string text = select_text(entity_, selection, params);
  MEDPERF_TRY(auto rows, session.query(text, params));
  std::vector<Record> records;
  records.reserve(rows.size());
  for (const auto& row : rows) records.push_back(read_record(entity_, row));
  return records;
}

Result<Page> Repository::page(sql::Session& session, const Selection& selection) const {
  std::string text = "SELECT COUNT(*) FROM " + std::string(sql_table(entity_));
  if (!selection.where.empty()) text += " WHERE " + selection.where;
  MEDPERF_TRY(auto counted, session.query(text, selection.params));
  Page page;
  page.count = counted.front().integer(0);
  if (page.count > selection.offset) {
    MEDPERF_TRY(page.rows, select(session, selection));
  }
  return page;
}

Status Repository::insert(sql::Session& session, Record& record) const {
  std::string columns;
  std::string marks;
  sql::Params params;
  for (auto& [column, value] : assignments(record)) {
    if (!columns.empty()) {
      columns += ", ";
      marks += ", ";
    }
    columns += column;
    marks += "?";
    params.push_back(std::move(value));
  }
  MEDPERF_TRY(auto rows, session.query("INSERT INTO " + std::string(sql_table(entity_)) + " (" +
                                           columns + ") VALUES (" + marks + ") RETURNING id",
                                       params));
  record.set("id", rows.front().integer(0));
  return {};
}

Status Repository::update(sql::Session& session, const Record& record) const {
  std::string text = "UPDATE " + std::string(sql_table(entity_)) + " SET ";
  sql::Params params;
  for (auto& [column, value] : assignments(record)) {
    if (!params.empty()) text += ", ";
    text += column + " = ?";
    params.push_back(std::move(value));
  }
  params.emplace_back(record.id());
  MEDPERF_TRY(auto changed, session.execute(text + " WHERE id = ?", params));
  if (changed == 0) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return {};
}

Status Repository::remove(sql::Session& session, std::int64_t id) const {
  auto changed =
      session.execute("DELETE FROM " + std::string(sql_table(entity_)) + " WHERE id = ?", {id});
  if (!changed.ok()) {
    if (changed.error().kind != ErrorKind::kInvalid) return std::move(changed).error();
    return make_error(ErrorKind::kConflict, {}, "This object is referenced by others.",
                      "Delete those first, or mark it invalid instead.", changed.error().cause);
  }
  if (*changed == 0) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return {};
}

std::optional<std::string> container_uniqueness(const Record& container) {
  if (container.is_null("parameters_config")) return std::nullopt;
  const Json together = Json::array(
      {Json(container.text("image_hash")), Json(container.text("additional_files_tarball_hash")),
       container.json("container_config"), container.json("parameters_config")});
  return crypto::sha256_hex(to_canonical(together));
}

}  // namespace medperf::hub
