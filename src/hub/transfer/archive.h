#pragma once
// The file that a backup is: medperf/backup/v1, described in docs/operations.md. JSON lines, the
// same from either database, so that one can move between them.
//
//   {"v": "medperf/backup/v1", "software", "schema", "schema_name", "database", "time"}
//   {"table": NAME, "columns": [...], "last_id": N or null}
//   [value, ...]                      one line a row, values in the order of the columns
//   {"end": NAME, "rows": N, "sha256": of the table's row lines with their line breaks}
//   ... further tables, each after those it refers to ...
//   {"complete": {"tables": N, "rows": N}, "sha256": of every line before this one}

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "crypto/sha256.h"
#include "hub/store/tables.h"

namespace medperf::hub {

inline constexpr std::string_view kArchiveVersion = "medperf/backup/v1";

struct ArchiveHead {
  std::string software;
  int schema = 0;
  std::string schema_name;
  std::string database;  ///< "sqlite" or "postgres"
  std::string time;
};

struct ArchiveTotals {
  std::int64_t tables = 0;
  std::int64_t rows = 0;
  std::string digest;  ///< SHA-256 over all lines but the last
};

/// Writes an archive beside its place (mode 0600); finish() syncs and renames it, so a file of that
/// name is always whole.
class ArchiveWriter {
 public:
  /// Error: conflict, when the file exists.
  static Result<ArchiveWriter> create(const fs::path& file, const ArchiveHead& head);
  ArchiveWriter(ArchiveWriter&&) noexcept = default;
  ArchiveWriter& operator=(ArchiveWriter&&) = delete;
  ~ArchiveWriter();
  Status begin_table(const TableShape& table, std::optional<std::int64_t> last_id);
  Status add_row(const sql::Row& row);
  Status end_table();
  Result<ArchiveTotals> finish();

 private:
  ArchiveWriter(fs::path file, fs::path partial, FileHandle handle)
      : file_(std::move(file)), partial_(std::move(partial)), handle_(std::move(handle)) {}
  Status write_line(const Json& line);
  Status flush();

  fs::path file_;
  fs::path partial_;  ///< empty once renamed
  FileHandle handle_;
  std::string buffer_;
  crypto::Sha256 whole_;
  crypto::Sha256 table_digest_;
  std::string table_;
  std::int64_t table_rows_ = 0;
  ArchiveTotals totals_;
};

/// What an archive holds, given to `reading` in its order.
struct ArchiveReading {
  std::function<Status(const ArchiveHead&)> head;
  std::function<Status(const TableShape&, std::optional<std::int64_t> last_id)> table;
  std::function<Status(const sql::Params&)> row;
};

/// Reads the file once, giving what it holds to `reading` (any part may be empty), and checks every
/// digest and count on the way. Errors: corrupt, with the line; those of `reading`.
Result<ArchiveTotals> read_archive(const fs::path& file, const ArchiveReading& reading);

}  // namespace medperf::hub
