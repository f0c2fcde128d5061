#include "hub/store/list_counts.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Entity;

namespace {

/// A run of rows is ended at this many. Smaller makes longer sums, larger longer steps.
constexpr std::int64_t kRun = 1024;

constexpr std::string_view kValid = "is_valid";
/// Filters that are counted, each alone or with is_valid.
constexpr std::array<std::string_view, 4> kCounted = {"approval_status", "benchmark", "model",
                                                      "owner"};

using Key = std::pair<std::int64_t, std::int64_t>;  // modified_at, id

struct Run {
  Key begin;
  std::int64_t counted = 0;
  Key last;  ///< greatest key ever counted in it
  bool stored = true;
  bool changed = false;
};

struct Change {
  Key key;
  std::int64_t delta;
};

bool has_places(std::string_view row_class) {
  return row_class.empty() ||
         (row_class.starts_with(kValid) && row_class.find(',') == row_class.npos);
}

std::string text_of(const sql::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return {};
}

std::string class_of(std::string_view column, const std::string& value, const std::string& valid) {
  std::string text;
  if (!column.empty()) text = std::string(column) + "=" + value;
  if (!valid.empty()) text += (text.empty() ? "" : ",") + std::string(kValid) + "=" + valid;
  return text;
}

/// The run that a key belongs to; the first begins before every key.
std::size_t run_of(const std::vector<Run>& runs, const Key& key) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), key,
                       [](const Key& one, const Run& run) { return one < run.begin; });
  return static_cast<std::size_t>(after - runs.begin()) - 1;
}

Result<std::vector<Run>> load_runs(sql::Session& session, std::string_view list,
                                   const std::string& row_class) {
  std::vector<Run> runs;
  MEDPERF_CHECK(session.stream(
      "SELECT modified_at, row_id, counted, last_modified_at, last_row_id FROM list_marks WHERE "
      "list = ? AND class = ? ORDER BY modified_at, row_id",
      {std::string(list), row_class}, [&](const sql::RowView& row) {
        runs.push_back(
            {{row.integer(0), row.integer(1)}, row.integer(2), {row.integer(3), row.integer(4)}});
      }));
  return runs;
}

/// Adds a change; a row behind all others begins a new run when the last is full.
void count_in(std::vector<Run>& runs, const Change& change, bool places) {
  if (runs.empty()) runs.push_back({{0, 0}, 0, {0, 0}, false, true});
  Run& last = runs.back();
  if (places && change.delta > 0 && last.counted >= kRun && last.last < change.key) {
    runs.push_back({change.key, change.delta, change.key, false, true});
    return;
  }
  Run& run = runs[run_of(runs, change.key)];
  run.counted += change.delta;
  run.last = std::max(run.last, change.key);
  run.changed = true;
}

Status store_runs(sql::Session& session, std::string_view list, const std::string& row_class,
                  const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (!run.changed) continue;
    const sql::Params counted = {run.counted, run.last.first,  run.last.second, std::string(list),
                                 row_class,   run.begin.first, run.begin.second};
    MEDPERF_CHECK(session.execute(
        run.stored ? "UPDATE list_marks SET counted = ?, last_modified_at = ?, last_row_id = ? "
                     "WHERE list = ? AND class = ? AND modified_at = ? AND row_id = ?"
                   : "INSERT INTO list_marks (counted, last_modified_at, last_row_id, list, class, "
                     "modified_at, row_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        counted));
  }
  return {};
}

constexpr std::string_view kTakeChanges =
    "DELETE FROM list_changes WHERE id IN (SELECT id FROM list_changes ORDER BY id LIMIT ?) "
    "RETURNING list, delta, modified_at, row_id, is_valid, approval_status, benchmark, model, "
    "owner";

/// The changes taken, by list and class.
using Taken = std::map<std::pair<std::string, std::string>, std::vector<Change>>;

void sort_in(Taken& taken, const sql::Row& row) {
  const std::string& list = row.text(0);
  const Change change{{row.integer(2), row.integer(3)}, row.integer(1)};
  const std::string valid = std::to_string(row.integer(4));
  taken[{list, ""}].push_back(change);
  taken[{list, class_of({}, {}, valid)}].push_back(change);
  for (std::size_t i = 0; i < kCounted.size(); ++i) {
    if (row.is_null(5 + i)) continue;
    const std::string value = text_of(row.value(5 + i));
    taken[{list, class_of(kCounted[i], value, {})}].push_back(change);
    taken[{list, class_of(kCounted[i], value, valid)}].push_back(change);
  }
}

}  // namespace

std::optional<std::string> counted_class(Entity entity, const Selection& selection) {
  if (entity != Entity::kDataset && entity != Entity::kResult) return std::nullopt;
  std::string column;
  std::string value;
  std::string valid;
  std::string_view rest = selection.where;
  std::size_t parameter = 0;
  constexpr std::string_view kAnd = " AND ";
  while (!rest.empty()) {
    const auto end = rest.find(kAnd);
    std::string_view condition = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + kAnd.size());
    constexpr std::string_view kEquals = " = ?";
    if (!condition.ends_with(kEquals) || parameter >= selection.params.size()) return std::nullopt;
    condition.remove_suffix(kEquals.size());
    const std::string given = text_of(selection.params[parameter++]);
    const bool known = std::find(kCounted.begin(), kCounted.end(), condition) != kCounted.end() &&
                       (entity == Entity::kResult || condition == "owner");
    if (condition == kValid && valid.empty()) {
      valid = given;
    } else if (known && column.empty()) {
      column = condition;
      value = given;
    } else {
      return std::nullopt;
    }
  }
  if (parameter != selection.params.size()) return std::nullopt;
  return class_of(column, value, valid);
}

CountQuery count_query(Entity entity, const Selection& selection, const std::string& row_class) {
  const std::string list(sql_table(entity));
  CountQuery query;
  query.text =
      "SELECT COALESCE((SELECT SUM(counted) FROM list_marks WHERE list = ? AND class = ?), 0) + "
      "COALESCE((SELECT SUM(delta) FROM list_changes WHERE list = ?";
  if (!selection.where.empty()) query.text += " AND " + selection.where;
  query.text += "), 0)";
  query.params = {list, row_class, list};
  query.params.insert(query.params.end(), selection.params.begin(), selection.params.end());
  return query;
}

Result<std::optional<Place>> find_place(sql::Session& session, Entity entity,
                                        const Selection& selection, const std::string& row_class) {
  if (!has_places(row_class)) return std::optional<Place>();
  const std::string list(sql_table(entity));
  MEDPERF_TRY(auto runs, load_runs(session, list, row_class));
  if (runs.empty()) runs.push_back({});
  sql::Params params = {list};
  params.insert(params.end(), selection.params.begin(), selection.params.end());
  MEDPERF_CHECK(session.stream(
      "SELECT delta, modified_at, row_id FROM list_changes WHERE list = ?" +
          (selection.where.empty() ? std::string() : " AND " + selection.where),
      params, [&](const sql::RowView& row) {
        runs[run_of(runs, {row.integer(1), row.integer(2)})].counted += row.integer(0);
      }));
  Place place;
  bool found = false;
  for (const Run& run : runs) {
    if (!found && selection.offset < place.count + run.counted) {
      found = true;
      place.modified_at = run.begin.first;
      place.id = run.begin.second;
      place.skip = selection.offset - place.count;
    }
    place.count += run.counted;
  }
  return std::optional<Place>(place);
}

Result<bool> has_list_changes(sql::Session& session) {
  MEDPERF_TRY(const auto changes, session.query("SELECT 1 FROM list_changes LIMIT 1"));
  return !changes.empty();
}

Result<std::int64_t> fold_list_changes(sql::Session& session, std::int64_t limit) {
  MEDPERF_TRY(const auto rows, session.query(kTakeChanges, {limit}));
  Taken taken;
  for (const auto& row : rows) sort_in(taken, row);
  for (auto& [which, changes] : taken) {
    const auto& [list, row_class] = which;
    std::sort(changes.begin(), changes.end(),
              [](const Change& one, const Change& other) { return one.key < other.key; });
    MEDPERF_TRY(auto runs, load_runs(session, list, row_class));
    for (const Change& change : changes) count_in(runs, change, has_places(row_class));
    MEDPERF_CHECK(store_runs(session, list, row_class, runs));
  }
  return static_cast<std::int64_t>(rows.size());
}

}  // namespace medperf::hub
