#include "sql/sqlite_errors.h"

#include <sqlite3.h>

#include <utility>

#include "sql/driver.h"

namespace medperf::sql::sqlite {
namespace {

/// "t.a, t.b" -> "t.a,b"; "index 'name'" -> "name".
std::string unique_columns(std::string_view list) {
  if (list.starts_with("index '")) {
    list.remove_prefix(7);
    return std::string(list.substr(0, list.find('\'')));
  }
  std::string columns;
  while (!list.empty()) {
    const std::size_t comma = list.find(", ");
    const std::string_view one = list.substr(0, comma);
    columns +=
        columns.empty() ? std::string(one) : "," + std::string(one.substr(one.find('.') + 1));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
  }
  return columns;
}

}  // namespace

Error constraint_error(int code, std::string_view message, std::string_view statement) {
  const std::size_t colon = message.find(": ");
  const std::string_view named = colon == std::string_view::npos ? "" : message.substr(colon + 2);
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return make_error(ErrorKind::kConflict, unique_columns(named), "this value exists already",
                        {}, std::string(message));
    case SQLITE_CONSTRAINT_NOTNULL:
      return make_error(ErrorKind::kInvalid, std::string(named), "a value is missing", {},
                        std::string(message));
    case SQLITE_CONSTRAINT_CHECK:
      return make_error(ErrorKind::kInvalid, written_table(statement),
                        "a value is out of its range", {}, std::string(message));
    default:  // SQLITE_CONSTRAINT_FOREIGNKEY, and ..._TRIGGER for ON DELETE RESTRICT
      return make_error(ErrorKind::kInvalid, written_table(statement),
                        "a row that is referred to does not exist or is still in use", {},
                        std::string(message));
  }
}

Error file_error(int code, const std::string& file, const std::string& message) {
  const auto error = [&](ErrorKind kind, std::string what, std::string advice = {}) {
    return make_error(kind, file, std::move(what), std::move(advice),
                      message + " (SQLite code " + std::to_string(code) + ")");
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(ErrorKind::kBusy, "another process holds the database", "Try again later.");
    case SQLITE_CORRUPT:
      return error(ErrorKind::kCorrupt, "the database file is damaged",
                   "Restore it from a backup.");
    case SQLITE_NOTADB:
      return error(ErrorKind::kCorrupt, "the file is not an SQLite database",
                   "Check the path, or restore the file from a backup.");
    case SQLITE_FULL:
      return error(ErrorKind::kUnavailable, "the disk is full", "Free some space on it.");
    case SQLITE_TOOBIG:
      return error(ErrorKind::kTooLarge, "a value is larger than SQLite can store");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return error(ErrorKind::kUnavailable, "the database file cannot be opened for writing",
                   "Check that the folder exists and belongs to this user.");
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return error(ErrorKind::kUnavailable, "the database file cannot be used now: " + message);
    default:
      return error(ErrorKind::kBug, "a wrong SQL statement");
  }
}

}  // namespace medperf::sql::sqlite
