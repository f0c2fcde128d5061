#include "hub/store/health.h"

namespace medperf::hub {

namespace {

Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, "database", std::move(what),
                    "Restore the database from a backup.");
}

}  // namespace

Status check_answering(sql::Database& database) {
  return database.read_transaction([](sql::Session& session) -> Status {
    MEDPERF_CHECK(session.query("SELECT 1"));
    return {};
  });
}

Status check_integrity(sql::Session& session) {
  if (session.dialect() != sql::Dialect::kSqlite) return {};
  MEDPERF_TRY(auto rows, session.query("PRAGMA integrity_check"));
  if (rows.empty()) return corrupt("integrity check gave nothing");
  if (rows.front().text(0) != "ok") return corrupt(rows.front().text(0));
  MEDPERF_TRY(auto broken, session.query("PRAGMA foreign_key_check"));
  if (!broken.empty()) return corrupt("rows refer to others that are missing");
  return {};
}

}  // namespace medperf::hub
