#include "hub/store/repository.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "domain/names.h"
#include "hub/store/columns.h"
#include "hub/store/list_counts.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

/// Texts of the statements that store a whole row, but for its id; made once.
struct StoredColumns {
  std::string columns;   ///< ", name, owner"
  std::string marks;     ///< ", ?, ?"
  std::string settings;  ///< "name = ?, owner = ?"
};

const StoredColumns& stored_columns(Entity entity) {
  static const auto kTexts = [] {
    std::map<Entity, StoredColumns> texts;
    for (const Entity one : domain::all_entities()) {
      StoredColumns& text = texts[one];
      const auto add = [&text](std::string_view column) {
        text.settings += (text.settings.empty() ? "" : ", ") + std::string(column) + " = ?";
        text.columns += ", " + std::string(column);
        text.marks += ", ?";
      };
      for (const auto& field : domain::table_of(one).fields) {
        if (field.type != domain::FieldType::kIdentifier) add(field.name);
      }
      if (one == Entity::kContainer) add("uniqueness");
    }
    return texts;
  }();
  return kTexts.at(entity);
}

/// The values of stored_columns, after `first`.
sql::Params stored_values(const Record& record, sql::Params first = {}) {
  const auto fields = record.table().fields;
  first.reserve(first.size() + fields.size() + 2);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type != domain::FieldType::kIdentifier) first.push_back(to_sql(record.at(i)));
  }
  if (record.entity() == Entity::kContainer) {
    auto digest = container_uniqueness(record);
    first.push_back(digest ? sql::Value(*digest) : sql::Value(nullptr));
  }
  return first;
}

std::string limit_text(const Selection& selection, sql::Params& params) {
  if (selection.limit < 0) return {};
  params.emplace_back(selection.limit);
  params.emplace_back(selection.offset);
  return " LIMIT ? OFFSET ?";
}

bool has_group(Entity entity) {
  return domain::table_of(entity).find(domain::kClosedGroupField) != nullptr;
}

/// Whether the row's id must not be the next one.
bool draws_id(const Record& record) {
  return record.entity() == Entity::kClosedGroup ||
         (has_group(record.entity()) && !record.is_null(domain::kClosedGroupField));
}

/// A number from 2^40 to 2^53 - 1, exact also in clients that count in doubles.
std::int64_t draw_id() {
  constexpr auto kLeast = static_cast<std::uint64_t>(kLeastDrawnId);
  constexpr std::uint64_t kRange = (1ull << 53) - kLeast;
  std::uint64_t number = 0;
  const std::string bytes = crypto::random_bytes(sizeof number);
  std::memcpy(&number, bytes.data(), sizeof number);
  return static_cast<std::int64_t>(kLeast + number % kRange);  // its bias is below 2^-10
}

/// SQLite counts on from the greatest id that was ever stored: a drawn one must not be that.
Status set_sequence(sql::Session& session, Entity entity, std::int64_t last) {
  MEDPERF_CHECK(session.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?",
                                {last, std::string(sql_table(entity))}));
  return {};
}

Result<std::int64_t> sequence(sql::Session& session, Entity entity) {
  MEDPERF_TRY(auto rows, session.query("SELECT seq FROM sqlite_sequence WHERE name = ?",
                                       {std::string(sql_table(entity))}));
  return rows.empty() ? 0 : rows.front().integer(0);
}

std::string count_text(Entity entity, const Selection& selection) {
  std::string text = "SELECT COUNT(*) FROM " + std::string(sql_table(entity));
  if (!selection.where.empty()) text += " WHERE " + selection.where;
  return text;
}

/// " WHERE ..." of a selection as somebody sees it.
std::string where_text(Entity entity, const Sight& sight, const Selection& selection,
                       sql::Params& params) {
  if (sight.is_whole() || visible_to(entity).empty()) {
    return selection.where.empty() ? "" : " WHERE " + selection.where;
  }
  const std::string seen = bound(visible_to(entity), sight.user(), params);
  return selection.where.empty() ? " WHERE " + seen
                                 : " WHERE (" + selection.where + ") AND " + seen;
}

std::string select_text(Entity entity, const Sight& sight, const Selection& selection,
                        sql::Params& params) {
  std::string text = "SELECT " + columns_of(entity) + " FROM " + std::string(sql_table(entity)) +
                     where_text(entity, sight, selection, params);
  text += " ORDER BY " + (selection.order.empty() ? default_order(entity) : selection.order);
  return text + limit_text(selection, params);
}

/// "owner = ? AND type = ?" -> "m.owner = ? AND m.type = ?"; nothing for other conditions, which
/// may name columns anywhere.
std::optional<std::string> equalities_of_alias(std::string_view where, std::string_view alias) {
  constexpr std::string_view kAnd = " AND ";
  std::string text;
  while (!where.empty()) {
    const auto end = where.find(kAnd);
    const std::string_view condition = where.substr(0, end);
    where = end == where.npos ? std::string_view() : where.substr(end + kAnd.size());
    const auto name = condition.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (name == 0 || condition.substr(std::min(name, condition.size())) != " = ?")
      return std::nullopt;
    text += (text.empty() ? "" : std::string(kAnd)) + std::string(alias) + std::string(condition);
  }
  return text;
}

/// "(SELECT COUNT(*) ...)" of the selected rows that do not exist for somebody; empty when there
/// can be none.
std::string hidden_count(Entity entity, const Sight& sight, const Selection& selection,
                         sql::Params& params) {
  const Hidden& hidden = hidden_from(entity);
  if (sight.is_whole() || hidden.condition.empty()) return {};
  params.insert(params.end(), selection.params.begin(), selection.params.end());
  return "(SELECT COUNT(*) FROM " + hidden.source + " WHERE " +
         (selection.where.empty() ? "" : "(" + selection.where + ") AND ") +
         bound(hidden.condition, sight.user(), params) + ")";
}

/// The exact count of a selection as somebody sees it: all rows less the hidden ones, so that a hub
/// without closed groups counts as cheaply as one that knows none.
CountQuery visible_count(Entity entity, const Sight& sight, const Selection& selection) {
  const auto row_class = counted_class(entity, selection);
  CountQuery query = row_class ? count_query(entity, selection, *row_class)
                               : CountQuery{count_text(entity, selection), selection.params};
  const std::string hidden = hidden_count(entity, sight, selection, query.params);
  if (!hidden.empty()) query.text = "SELECT (" + query.text + ") - " + hidden;
  return query;
}

/// Makes the statement of a page and adds its last parameters.
using PageText = std::function<std::string(const Selection&, sql::Params&)>;

/// Below this, stepping over rows costs less than looking for the place.
constexpr std::int64_t kNearOffset = 1000;

/// A page of a counted list, far from its begin: from its place on.
struct Seek {
  Selection selection;
  std::int64_t count = 0;
};
Result<std::optional<Seek>> seek(sql::Session& session, Entity entity, const Sight& sight,
                                 const Selection& selection) {
  const bool usual = selection.order.empty() || selection.order == default_order(entity);
  if (!usual || selection.offset < kNearOffset) return std::optional<Seek>();
  const auto row_class = counted_class(entity, selection);
  if (!row_class) return std::optional<Seek>();
  // Places are of all rows: they are right only for who sees them all.
  sql::Params params;
  const std::string hidden = hidden_count(entity, sight, selection, params);
  if (!hidden.empty()) {
    MEDPERF_TRY(const auto rows, session.query("SELECT " + hidden, params));
    if (rows.front().integer(0) > 0) return std::optional<Seek>();
  }
  MEDPERF_TRY(const auto place, find_place(session, entity, selection, *row_class));
  if (!place) return std::optional<Seek>();
  Seek found{selection, place->count};
  if (!found.selection.where.empty()) found.selection.where += " AND ";
  found.selection.where += "(modified_at, id) >= (?, ?)";
  found.selection.params.emplace_back(place->modified_at);
  found.selection.params.emplace_back(place->id);
  found.selection.offset = place->skip;
  return std::optional<Seek>(std::move(found));
}

/// Counts, and streams the page when there is something at its place.
Status stream(sql::Session& session, Entity entity, const Sight& sight, const Selection& selection,
              const PageText& text_of, const PageReader& read) {
  MEDPERF_TRY(const auto far, seek(session, entity, sight, selection));
  sql::Params params = far ? far->selection.params : selection.params;
  const std::string page = text_of(far ? far->selection : selection, params);
  std::int64_t count = 0;
  if (far) {
    count = far->count;
    session.ends_with_next();
  } else {
    session.prefetch(page, params);
    const CountQuery query = visible_count(entity, sight, selection);
    session.ends_with_next();
    MEDPERF_CHECK(session.stream(query.text, query.params,
                                 [&count](const sql::RowView& row) { count = row.integer(0); }));
  }
  read.counted(count);
  return count > selection.offset ? session.stream(page, params, read.row) : Status();
}

/// "modified_at, id" -> "m.modified_at, m.id": orders are columns of the entity.
std::string of_alias(const std::string& order, std::string_view alias) {
  std::string text;
  for (const auto term : split(order, ',')) {
    if (!text.empty()) text += ", ";
    text += std::string(alias) + std::string(trim(term));
  }
  return text;
}

}  // namespace

void Selection::add(std::string_view condition, sql::Value value) {
  if (!where.empty()) where += " AND ";
  where += condition;
  params.push_back(std::move(value));
}

std::string validity_condition(Entity entity) {
  const auto& table = domain::table_of(entity);
  if (table.find(domain::kIsValid) != nullptr) return "is_valid = ?";
  for (const std::string_view side : {"dataset", "model"}) {
    const domain::Field* field = table.find(side);
    if (field == nullptr) continue;
    return std::string(side) + " IN (SELECT id FROM " + std::string(sql_table(field->target)) +
           " WHERE is_valid = ?)";
  }
  return {};
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
    case Entity::kAccessToken:
    case Entity::kInvitation:
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
  const std::string text = select_text(entity_, sight_, selection, params);
  MEDPERF_TRY(auto rows, session.query(text, params));
  std::vector<Record> records;
  records.reserve(rows.size());
  for (const auto& row : rows) records.push_back(read_record(entity_, row));
  return records;
}

Result<Page> Repository::page(sql::Session& session, const Selection& selection) const {
  const CountQuery query = visible_count(entity_, sight_, selection);
  MEDPERF_TRY(auto counted, session.query(query.text, query.params));
  Page page;
  page.count = counted.front().integer(0);
  if (page.count > selection.offset) {
    MEDPERF_TRY(page.rows, select(session, selection));
  }
  return page;
}

Status Repository::stream_page(sql::Session& session, const Selection& selection,
                               const PageReader& read) const {
  const auto text = [this](const Selection& page, sql::Params& params) {
    return select_text(entity_, sight_, page, params);
  };
  return stream(session, entity_, sight_, selection, text, read);
}

Status stream_models_page(sql::Session& session, const Sight& sight, const Selection& selection,
                          const PageReader& read) {
  static const std::string kColumns = "SELECT " + column_list(Entity::kModel, "m.") + ", " +
                                      column_list(Entity::kContainer, "c.") + ", " +
                                      column_list(Entity::kAsset, "a.") + " FROM ";
  static const std::string kJoins =
      " LEFT JOIN mlcubes c ON c.id = m.container LEFT JOIN assets a ON a.id = m.asset";
  const std::string order =
      selection.order.empty() ? default_order(Entity::kModel) : selection.order;
  const auto text = [&order, &sight](const Selection& page, sql::Params& params) {
    if (const auto where = equalities_of_alias(page.where, "m.")) {
      std::string seen = sight.is_whole() ? "" : visible_to(Entity::kModel, "m.");
      seen = bound(seen, sight.user(), params);
      std::string page_text = kColumns + "models m" + kJoins;
      if (!where->empty()) page_text += " WHERE " + *where;
      if (!seen.empty()) page_text += (where->empty() ? " WHERE " : " AND ") + seen;
      return page_text + " ORDER BY " + of_alias(order, "m.") + limit_text(page, params);
    }
    return kColumns + "(" + select_text(Entity::kModel, sight, page, params) + ") m" + kJoins +
           " ORDER BY " + of_alias(order, "m.");
  };
  return stream(session, Entity::kModel, sight, selection, text, read);
}

Result<bool> Repository::taken(sql::Session& session, std::string_view column,
                               const domain::FieldValue& value,
                               const domain::FieldValue& closed_group) const {
  std::string text =
      "SELECT 1 FROM " + std::string(sql_table(entity_)) + " WHERE " + std::string(column) + " = ?";
  sql::Params params = {to_sql(value)};
  if (has_group(entity_)) {
    const bool everybody = std::holds_alternative<std::monostate>(closed_group);
    text += everybody ? " AND closed_group IS NULL" : " AND closed_group = ?";
    if (!everybody) params.push_back(to_sql(closed_group));
  }
  if (!sight_.is_whole() && !visible_to(entity_).empty()) {
    text += " AND " + bound(visible_to(entity_), sight_.user(), params);
  }
  MEDPERF_TRY(auto rows, session.query(text, params));
  return !rows.empty();
}

namespace {

/// The rows that an INSERT with the next id returns: its id, or none when `on_conflict` says so.
Result<sql::Rows> insert_next(sql::Session& session, const Record& record,
                              std::string_view on_conflict) {
  const StoredColumns& stored = stored_columns(record.entity());
  const std::string table(sql_table(record.entity()));
  std::string columns = stored.columns.substr(2);
  std::string marks = stored.marks.substr(2);
  if (session.dialect() == sql::Dialect::kSqlite &&
      (has_group(record.entity()) || record.entity() == Entity::kClosedGroup)) {
    // Drawn ids lie far above: SQLite itself would go on from there.
    columns = "id" + stored.columns;
    marks = "(SELECT seq + 1 FROM sqlite_sequence WHERE name = '" + table + "')" + stored.marks;
  }
  return session.query("INSERT INTO " + table + " (" + columns + ") VALUES (" + marks + ")" +
                           std::string(on_conflict) + " RETURNING id",
                       stored_values(record));
}

/// The same with an id drawn up to `draws` times.
Result<sql::Rows> insert_drawn(sql::Session& session, const Record& record,
                               std::string_view on_conflict, int draws) {
  const StoredColumns& stored = stored_columns(record.entity());
  const std::string text = "INSERT INTO " + std::string(sql_table(record.entity())) + " (id" +
                           stored.columns + ") VALUES (?" + stored.marks + ")" +
                           std::string(on_conflict) + " RETURNING id";
  const bool sqlite = session.dialect() == sql::Dialect::kSqlite;
  std::int64_t last = 0;
  if (sqlite) {
    MEDPERF_TRY(last, sequence(session, record.entity()));
  }
  sql::Params params = stored_values(record, {std::int64_t{0}});
  sql::Rows rows;
  for (int i = 0; i < draws && rows.empty(); ++i) {
    params.front() = draw_id();
    MEDPERF_TRY(rows, session.query(text, params));
  }
  if (sqlite && !rows.empty()) MEDPERF_CHECK(set_sequence(session, record.entity(), last));
  return rows;
}

}  // namespace

Status Repository::insert(sql::Session& session, Record& record) const {
  constexpr int kDraws = 16;
  MEDPERF_TRY(auto rows, draws_id(record)
                             ? insert_drawn(session, record, " ON CONFLICT (id) DO NOTHING", kDraws)
                             : insert_next(session, record, ""));
  if (rows.empty()) {
    return make_error(ErrorKind::kBug, std::string(sql_table(entity_)),
                      "no free id was drawn: the random source repeats itself");
  }
  record.set("id", rows.front().integer(0));
  return {};
}

Result<bool> Repository::insert_if_free(sql::Session& session, Record& record) const {
  constexpr int kDraws = 3;  // whether the id or another rule is in the way is not told
  MEDPERF_TRY(auto rows, draws_id(record)
                             ? insert_drawn(session, record, " ON CONFLICT DO NOTHING", kDraws)
                             : insert_next(session, record, " ON CONFLICT DO NOTHING"));
  if (rows.empty()) return false;
  record.set("id", rows.front().integer(0));
  return true;
}

Status Repository::insert_with_id(sql::Session& session, const Record& record) const {
  const StoredColumns& stored = stored_columns(entity_);
  MEDPERF_CHECK(session.execute("INSERT INTO " + std::string(sql_table(entity_)) + " (id" +
                                    stored.columns + ") VALUES (?" + stored.marks + ")",
                                stored_values(record, {record.id()})));
  return {};
}

Status Repository::update(sql::Session& session, const Record& record) const {
  sql::Params params = stored_values(record);
  params.emplace_back(record.id());
  MEDPERF_TRY(auto changed, session.execute("UPDATE " + std::string(sql_table(entity_)) + " SET " +
                                                stored_columns(entity_).settings + " WHERE id = ?",
                                            params));
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
  Json together = Json::array(
      {Json(container.text("image_hash")), Json(container.text("additional_files_tarball_hash")),
       container.json("container_config"), container.json("parameters_config")});
  if (!container.is_null(domain::kClosedGroupField)) {
    together.push(container.integer(domain::kClosedGroupField));
  }
  return crypto::sha256_hex(to_canonical(together));
}

}  // namespace medperf::hub
