#pragma once
// Append-only, hash-chained logs: a file at the site, a table at the hub. Each line holds
// the hash of the line before it, so a changed, removed or inserted line is found.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "sql/database.h"

namespace medperf::ledger {

inline constexpr std::string_view kLeafVersion = "medperf/log/v1";

/// What is recorded: never a secret, never a patient's data.
struct Entry {
  std::string kind;   ///< "request", "gate-report", "decision", "run", "refusal", "upload" ...
  std::string actor;  ///< user name
  Json body;
};

struct Verification {
  std::int64_t lines = 0;
  std::string head;                 ///< hash of the last line; 64 zeros when empty
  std::int64_t first_bad_line = 0;  ///< 1-based; 0: the chain holds
  std::string problem;              ///< what is wrong with it
};

/// A site's log: one canonical JSON object a line, synced before append returns. A torn last line
/// (crash while writing) is cut off when opened. Thread-safe; several processes take turns, since
/// the file is locked for each line. Cutting off whole lines at the end cannot be seen from the
/// file alone: compare `head` with one noted elsewhere.
class FileLedger {
 public:
  /// Makes the file (mode 0600) when it is not there. Errors: corrupt (the last line is damaged),
  /// busy, not_found (no such folder), unavailable.
  static Result<std::unique_ptr<FileLedger>> open(const fs::path& file, const Clock& clock);
  virtual ~FileLedger() = default;
  virtual Status append(const Entry& entry) = 0;
};
/// Checks every line. A broken chain is an answer, not an error.
Result<Verification> verify_file(const fs::path& file);

/// The hub's log: table `log_lines`, appended inside the transaction it records. SQLite has one
/// writer, so each line is chained at once. On PostgreSQL a chain would make every two writers
/// collide: there an entry is stored with its transaction in `log_waiting` and chained a moment
/// later, in the order of storing, by whoever calls chain_waiting.
inline constexpr std::string_view kLogTable = "log_lines";
inline constexpr std::string_view kWaitingTable = "log_waiting";
/// CREATE TABLE texts for migrations.
std::string_view create_table_script(sql::Dialect dialect);
std::string_view create_waiting_script(sql::Dialect dialect);
Status append(sql::Session& session, const Entry& entry, Timestamp time);
/// Appends what the column `entry` of another database's log_waiting holds: a restore.
Status append_waiting_text(sql::Session& session, std::string_view entry);
/// Whether entries wait to be chained.
Result<bool> has_waiting(sql::Session& session);
/// Chains at most `limit` of the entries that wait; returns how many. Only inside an exclusive
/// transaction, which makes it the only one on this database.
Result<std::int64_t> chain_waiting(sql::Session& session, std::int64_t limit);
/// Chains all that wait, in transactions of its own.
Status chain_all(sql::Database& database);
/// Checks the chain; what waits is no part of it yet.
Result<Verification> verify_table(sql::Session& session);

}  // namespace medperf::ledger
