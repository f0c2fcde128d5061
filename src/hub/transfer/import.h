#pragma once
// Taking over an existing hub: ids, owners, times and histories stay as they are.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/transfer/foreign.h"
#include "sql/database.h"

namespace medperf::hub {

struct RefusedRow {
  std::int64_t id = 0;  ///< 0: it had none that could be read
  std::string why;
};

struct TakenEntity {
  domain::Entity entity;
  std::int64_t seen = 0;
  std::int64_t taken = 0;
  std::int64_t already_there = 0;
  std::vector<RefusedRow> refused;
};

struct ImportReport {
  Json source;
  std::vector<TakenEntity> entities;
  std::vector<std::string> limits;
  std::int64_t refused() const;
};

/// Takes every row of the source that the rules of this hub allow; each refused one is reported
/// with its reason. Rows go in by small transactions, each with a line of the log: stopped at any
/// instant, the same call goes on where it was, and a repeat changes nothing. Errors: those of the
/// source and the database; interrupted.
Result<ImportReport> import_hub(sql::Database& database, ImportSource& source, const Clock& clock);

/// As import_hub into a copy of the database that is thrown away.
Result<ImportReport> try_import(sql::Database& database, ImportSource& source, const Clock& clock,
                                const fs::path& scratch);

Json report_json(const ImportReport& report);
std::string report_text(const ImportReport& report);

}  // namespace medperf::hub
