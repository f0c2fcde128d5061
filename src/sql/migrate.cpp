// Steps from one version of a schema to the next.

#include <string>

#include "sql/database.h"

namespace medperf::sql {
namespace {

Result<bool> has_version_table(Session& session) {
  const std::string_view statement =
      session.dialect() == Dialect::kSqlite
          ? "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
          : "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_migrations')";
  MEDPERF_TRY(auto rows, session.query(statement));
  return rows.at(0).integer(0) > 0;
}

struct Version {
  int number = 0;
  std::string name;
};

Result<Version> current_version(Session& session) {
  MEDPERF_TRY(const bool exists, has_version_table(session));
  if (!exists) return Version{};
  MEDPERF_TRY(auto rows, session.query("SELECT version, name FROM schema_migrations "
                                       "ORDER BY version DESC LIMIT 1"));
  if (rows.empty()) return Version{};
  return Version{static_cast<int>(rows[0].integer(0)), rows[0].text(1)};
}

Status check_known(const Version& version, std::span<const Migration> migrations) {
  if (version.number == 0) return {};
  const auto number = static_cast<std::size_t>(version.number);
  if (number > migrations.size()) {
    return make_error(ErrorKind::kConflict, "database",
                      "its schema has version " + std::to_string(version.number) +
                          ", this program knows versions up to " +
                          std::to_string(migrations.size()),
                      "Use a newer program, or restore a backup.");
  }
  if (version.name != migrations[number - 1].name) {
    return make_error(ErrorKind::kConflict, "database",
                      "version " + std::to_string(version.number) + " of its schema is called '" +
                          version.name + "', not '" + std::string(migrations[number - 1].name) +
                          "'",
                      "It belongs to another program; check the configured database.");
  }
  return {};
}

/// Does the next step, if there is one. Returns the version reached.
Result<int> step(Session& session, std::span<const Migration> migrations) {
  MEDPERF_TRY(const Version version, current_version(session));
  MEDPERF_CHECK(check_known(version, migrations));
  const auto done = static_cast<std::size_t>(version.number);
  if (done == migrations.size()) return version.number;
  const Migration& next = migrations[done];
  if (done == 0) {
    MEDPERF_CHECK(
        session.execute("CREATE TABLE IF NOT EXISTS schema_migrations "
                        "(version INTEGER PRIMARY KEY, name TEXT NOT NULL)"));
  }
  const bool sqlite = session.dialect() == Dialect::kSqlite;
  if (Status ran = session.run_script(sqlite ? next.sqlite : next.postgres); !ran.ok()) {
    return std::move(ran.error()).at("migration " + std::to_string(next.version));
  }
  MEDPERF_CHECK(session.execute("INSERT INTO schema_migrations (version, name) VALUES (?, ?)",
                                {std::int64_t{next.version}, std::string(next.name)}));
  return next.version;
}

}  // namespace

Result<int> migrate(Database& database, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      return make_error(ErrorKind::kBug, "migration " + std::to_string(migrations[i].version),
                        "versions must be 1, 2, 3 ... without gaps");
    }
  }
  for (;;) {
    int reached = 0;
    MEDPERF_CHECK(database.schema_transaction([&](Session& session) -> Status {
      MEDPERF_TRY(reached, step(session, migrations));
      return {};
    }));
    if (static_cast<std::size_t>(reached) == migrations.size()) return reached;
  }
}

Status migrate_within(Session& session, std::span<const Migration> migrations, int version) {
  const auto known = static_cast<int>(migrations.size());
  if (version < 0 || version > known) {
    return make_error(ErrorKind::kConflict, "database",
                      "schema version " + std::to_string(version) +
                          " is wanted, this program knows versions up to " + std::to_string(known),
                      "Use a newer program.");
  }
  const auto wanted = migrations.first(static_cast<std::size_t>(version));
  for (int reached = 0; reached < version;) {
    MEDPERF_TRY(reached, step(session, wanted));
  }
  return {};
}

Result<int> schema_version(Database& database) {
  return database.read([](Session& session) -> Result<int> {
    MEDPERF_TRY(const Version version, current_version(session));
    return version.number;
  });
}

}  // namespace medperf::sql
