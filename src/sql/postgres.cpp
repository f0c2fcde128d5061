// The PostgreSQL driver on libpq.

#include "sql/postgres_connection.h"

namespace medperf::sql {
namespace {

using postgres::Connection;

/// Key of the advisory lock of exclusive transactions: "medperf" in ASCII.
constexpr const char* kTakeExclusiveLock = "SELECT pg_advisory_xact_lock(30792318992869222)";

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const PostgresOptions& options)
      : connections_(options.connections > 0 ? options.connections : 1,
                     [settings = options.connection] { return Connection::open(settings); }) {}

  Dialect dialect() const override { return Dialect::kPostgres; }

  Status write_transaction(const std::function<Status(Session&)>& f) override {
    return run("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE", f);
  }
  Status read_transaction(const std::function<Status(Session&)>& f) override {
    return run(Connection::kReads, f);
  }
  Status exclusive_transaction(const std::function<Status(Session&)>& f) override {
    // READ COMMITTED: what is read after waiting for the lock must be what the last holder wrote; a
    // serialisable transaction would see the state from before the wait.
    return run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", [&](Session& session) -> Status {
      // Migrations of large tables may take longer than any request's statement.
      MEDPERF_CHECK(session.execute("SET LOCAL statement_timeout = 0"));
      MEDPERF_CHECK(session.query(kTakeExclusiveLock));
      return f(session);
    });
  }

 private:
  Status run(std::string_view begin, const std::function<Status(Session&)>& f) {
    const TransactionMark mark(this);
    MEDPERF_CHECK(mark.check());
    MEDPERF_TRY(auto connection, connections_.take());
    return with_retries([&] { return connection->transaction(begin, f); });
  }

  Pool<Connection> connections_;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const PostgresOptions& options) {
  std::unique_ptr<Database> database = std::make_unique<PostgresDatabase>(options);
  // Wrong settings shall fail at the start, not at the first request.
  MEDPERF_CHECK(database->read_transaction([](Session&) -> Status { return {}; }));
  return database;
}

}  // namespace medperf::sql
