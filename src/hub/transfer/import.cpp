#include "hub/transfer/import.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/process.h"
#include "domain/names.h"
#include "hub/setup.h"
#include "hub/store/takeover.h"
#include "hub/transfer/backup.h"
#include "ledger/ledger.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::size_t kBatch = 200;
constexpr std::string_view kActor = "medperf-hub";

struct Candidate {
  domain::Record record;
  AccountFlags flags;
};

bool is_flag_set(const ForeignRow& row, std::string_view name, bool otherwise) {
  const auto found = row.find(name);
  if (found == row.end() || !found->second) return otherwise;
  return *found->second == "t" || *found->second == "1" || *found->second == "true";
}

std::int64_t id_of(const ForeignRow& row) {
  auto record = to_record(Entity::kUser, {{"id", row.count("id") > 0 ? row.at("id") : "0"}});
  return record.ok() ? record->id() : 0;
}

/// Reasons that lie in the row; with any other the import stops.
bool is_refusal(const Error& error) {
  return error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kInvalid ||
         error.kind == ErrorKind::kTooLarge;
}

/// Takes the rows of one entity in batches.
class Taking {
 public:
  Taking(sql::Database& database, const Clock& clock, Entity entity)
      : database_(database), clock_(clock) {
    outcome_.entity = entity;
  }

  Status add(const ForeignRow& row) {
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, "import", "it was stopped",
                        "Run it again: it goes on where it was.");
    }
    ++outcome_.seen;
    auto record = to_record(outcome_.entity, row);
    if (!record.ok()) {
      outcome_.refused.push_back({id_of(row), record.error().text()});
      return {};
    }
    batch_.push_back(
        {std::move(*record),
         {is_flag_set(row, "is_active", true), is_flag_set(row, "is_superuser", false)}});
    return batch_.size() < kBatch ? Status() : flush();
  }

  Status flush() {
    const auto batch = std::exchange(batch_, {});
    if (batch.empty()) return {};
    Status together = take(batch);
    if (together.ok() || !is_refusal(together.error())) return together;
    // One row of these cannot be taken: find it, and take the others.
    for (const auto& candidate : batch) {
      Status alone = take({&candidate, 1});
      if (alone.ok()) continue;
      if (!is_refusal(alone.error())) return alone;
      outcome_.refused.push_back({candidate.record.id(), alone.error().text()});
    }
    return {};
  }

  TakenEntity outcome() && { return std::move(outcome_); }

 private:
  Status take(std::span<const Candidate> candidates) {
    std::int64_t taken = 0;
    MEDPERF_CHECK(database_.write([&](sql::Session& session) -> Status {
      taken = 0;
      for (const auto& candidate : candidates) {
        MEDPERF_TRY(const Taken one, take_row(session, candidate.record, candidate.flags));
        taken += one == Taken::kStored ? 1 : 0;
      }
      return taken == 0 ? Status() : note(session, candidates, taken);
    }));
    outcome_.taken += taken;
    outcome_.already_there += static_cast<std::int64_t>(candidates.size()) - taken;
    return {};
  }

  Status note(sql::Session& session, std::span<const Candidate> candidates,
              std::int64_t taken) const {
    return ledger::append(session,
                          {"hub.import.rows", std::string(kActor),
                           Json::object({{"of", domain::table_of(outcome_.entity).plural},
                                         {"first", candidates.front().record.id()},
                                         {"last", candidates.back().record.id()},
                                         {"taken", taken}})},
                          clock_.now());
  }

  sql::Database& database_;
  const Clock& clock_;
  TakenEntity outcome_;
  std::vector<Candidate> batch_;
};

Status note_source(sql::Database& database, const ImportSource& source, const Clock& clock) {
  return database.write([&](sql::Session& session) {
    return ledger::append(
        session,
        {"hub.import", std::string(kActor), Json::object({{"source", source.description()}})},
        clock.now());
  });
}

}  // namespace

std::int64_t ImportReport::refused() const {
  std::int64_t count = 0;
  for (const auto& entity : entities) count += static_cast<std::int64_t>(entity.refused.size());
  return count;
}

Result<ImportReport> import_hub(sql::Database& database, ImportSource& source, const Clock& clock) {
  ImportReport report;
  report.source = source.description();
  MEDPERF_CHECK(note_source(database, source, clock));
  for (const Entity entity : imported_entities()) {
    Taking taking(database, clock, entity);
    MEDPERF_CHECK(source.for_each(entity, [&](const ForeignRow& row) { return taking.add(row); }));
    MEDPERF_CHECK(taking.flush());
    MEDPERF_TRY(const auto last_id, source.last_id(entity));
    MEDPERF_CHECK(database.write(
        [&](sql::Session& session) { return follow_taken_ids(session, entity, last_id); }));
    report.entities.push_back(std::move(taking).outcome());
  }
  report.limits = source.limits();
  return report;
}

Result<ImportReport> try_import(sql::Database& database, ImportSource& source, const Clock& clock,
                                const fs::path& scratch) {
  MEDPERF_CHECK(backup(database, scratch / "copy.backup", clock));
  MEDPERF_TRY(auto copy, sql::Database::open(sql::SqliteOptions{scratch / "copy.db", 1}));
  MEDPERF_CHECK(restore(*copy, scratch / "copy.backup", {}, clock));
  return import_hub(*copy, source, clock);
}

Json report_json(const ImportReport& report) {
  Json entities = Json::object();
  for (const auto& entity : report.entities) {
    Json refused = Json::array();
    for (const auto& row : entity.refused) {
      refused.push(Json::object({{"id", row.id}, {"why", row.why}}));
    }
    entities.set(domain::table_of(entity.entity).plural,
                 Json::object({{"seen", entity.seen},
                               {"taken", entity.taken},
                               {"already_there", entity.already_there},
                               {"refused", std::move(refused)}}));
  }
  Json limits = Json::array();
  for (const auto& limit : report.limits) limits.push(limit);
  return Json::object({{"source", report.source},
                       {"entities", std::move(entities)},
                       {"limits", std::move(limits)}});
}

std::string report_text(const ImportReport& report) {
  std::string text;
  for (const auto& entity : report.entities) {
    text += std::string(domain::table_of(entity.entity).label) + ": " +
            std::to_string(entity.taken) + " taken, " + std::to_string(entity.already_there) +
            " already there, " + std::to_string(entity.refused.size()) + " refused of " +
            std::to_string(entity.seen) + "\n";
    for (const auto& row : entity.refused) {
      text += "  " + std::to_string(row.id) + ": " + row.why + "\n";
    }
  }
  for (const auto& limit : report.limits) text += "note: " + limit + "\n";
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace medperf::hub
