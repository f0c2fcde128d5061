#pragma once
// Backup and restore of a whole hub database, beside running servers.

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "hub/transfer/archive.h"
#include "sql/database.h"

namespace medperf::hub {

struct BackupReport {
  ArchiveHead head;
  ArchiveTotals totals;
  std::string log_head;  ///< hash of the last log line in the backup
};

/// Writes what one read transaction sees to a new file: a state that the hub was in at one moment.
/// Errors: conflict (the file exists), corrupt (the log's chain is broken), unavailable.
Result<BackupReport> backup(sql::Database& database, const fs::path& file, const Clock& clock);

struct RestoreOptions {
  bool force = false;  ///< replace a database that is in use
};

/// Checks the file, then replaces the database by what it holds and brings that to this program's
/// schema, in one transaction: stopped at any instant, the database is the old or the restored one.
/// Errors: corrupt (nothing was changed), refused (the database is in use and `force` is not set),
/// conflict (the backup is of a newer program).
Result<BackupReport> restore(sql::Database& database, const fs::path& file,
                             const RestoreOptions& options, const Clock& clock);

}  // namespace medperf::hub
