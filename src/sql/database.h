#pragma once
// SQL databases: SQLite (embedded) and PostgreSQL behind one port. Statements use '?'.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cell.h"
#include "base/files.h"
#include "base/result.h"

namespace medperf::sql {

enum class Dialect { kSqlite, kPostgres };

using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string>;
using Params = std::vector<Value>;

/// One row of an answer. Booleans are integers 0/1 in both databases (columns are SMALLINT there).
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(std::size_t i) const { return std::holds_alternative<std::nullptr_t>(values_[i]); }
  std::int64_t integer(std::size_t i) const;  ///< precondition: an integer column, not null
  double number(std::size_t i) const;
  const std::string& text(std::size_t i) const;  ///< precondition: a text column, not null
  std::string text_or(std::size_t i, std::string_view other) const;
  const Value& value(std::size_t i) const { return values_[i]; }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

/// One row of an answer while it is read: texts are not copied and valid until the next row.
class RowView {
 public:
  explicit RowView(std::span<const Cell> cells) : cells_(cells) {}
  bool is_null(std::size_t i) const { return cells_[i].null; }
  std::int64_t integer(std::size_t i) const { return cells_[i].integer; }  ///< as of Row
  std::string_view text(std::size_t i) const { return cells_[i].text; }    ///< as of Row
  /// Those from a column on.
  std::span<const Cell> cells(std::size_t first) const { return cells_.subspan(first); }

 private:
  std::span<const Cell> cells_;
};
using RowReader = std::function<void(const RowView&)>;

/// Statements inside one transaction, on one connection. Not thread-safe; lives only inside
/// Database::read or write. Prepared statements are cached by text.
///
/// Errors: conflict with where = "table.column[,column]" for a broken unique constraint (the
/// index's name when it is over expressions); invalid with where = "table" (the one the statement
/// writes to) for a broken foreign key or check, "table.column" for a null where none may be, and
/// for a parameter with a NUL character or a number that is not finite; busy when the transaction
/// must be retried (read/write do so); corrupt for a damaged file; bug for a wrong statement, and
/// for a write in a read transaction; unavailable otherwise.
///
/// After an error the transaction can only be rolled back, in both databases: further statements
/// return that first error again. To try an insert and go on, use ON CONFLICT DO NOTHING.
///
/// PostgreSQL infers a parameter's type from its place; where it cannot, write CAST(? AS BIGINT).
class Session {
 public:
  virtual ~Session() = default;
  virtual Dialect dialect() const = 0;
  /// Whether each question is a round trip to a server, so that prefetch is worth its work.
  virtual bool is_remote() const { return false; }
  virtual Result<Rows> query(std::string_view statement, const Params& params = {}) = 0;
  /// As query, but hands each row to `read` where it lies in the driver: for lists that are written
  /// on at once. `read` may not use the session.
  virtual Status stream(std::string_view statement, const Params& params,
                        const RowReader& read) = 0;
  /// Says that this query will be asked next but one: a driver with a server may send it together
  /// with the next one and save a round trip. It has no effect of its own.
  virtual void prefetch(std::string_view statement, const Params& params) = 0;
  /// Says that the next question is the last, but for those that were said before (prefetch): a
  /// driver with a server may end a transaction that only reads with the same message, and save the
  /// one that would. Another question after it is a bug.
  virtual void ends_with_next() {}
  /// A name for all that is committed, as this transaction sees it: where two read transactions of
  /// one Database get the same name, every query has the same answer in both, whoever wrote from
  /// whichever process. Nothing in a write transaction, and now and then when the driver cannot
  /// say.
  virtual Result<std::optional<std::string>> version() = 0;
  /// Says that version() will be asked next but one (see prefetch).
  virtual void prefetch_version() {}
  /// Number of rows changed.
  virtual Result<std::int64_t> execute(std::string_view statement, const Params& params = {}) = 0;
  /// As execute, of a change whose count nobody needs: a driver with a server need not wait for its
  /// answer. Where it fails, so does the next statement or the commit.
  virtual Status execute_later(std::string_view statement, const Params& params) = 0;
  /// Several statements separated by ';', without parameters (migrations).
  virtual Status run_script(std::string_view script) = 0;
};

struct Migration {
  int version;  ///< 1, 2, 3 ... without gaps
  std::string_view name;
  std::string_view sqlite;    ///< script
  std::string_view postgres;  ///< script
};

struct SqliteOptions {
  fs::path file;
  int readers = 4;
};
struct PostgresOptions {
  std::string connection;  ///< libpq connection string; the password comes from a passfile
  int connections = 8;
};

/// A pool of connections. Thread-safe. SQLite: WAL, synchronous=FULL, one writer, foreign keys on;
/// write transactions that wait at the same time are committed together, each under a savepoint, so
/// that one which fails undoes its own work only. All are answered after the sync.
/// PostgreSQL: write transactions are SERIALIZABLE, reads READ ONLY REPEATABLE READ.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const SqliteOptions& options);
  static Result<std::unique_ptr<Database>> open(const PostgresOptions& options);
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  /// Runs f in one transaction; commits when it returns ok, else rolls back and returns its error.
  /// f may run more than once (serialisation failures are retried with jitter) and on another
  /// thread (that of the writer who commits for several): it must have no effect outside the
  /// transaction, and may not open another one on this database (bug).
  virtual Status write_transaction(const std::function<Status(Session&)>& f) = 0;
  virtual Status read_transaction(const std::function<Status(Session&)>& f) = 0;
  /// A write transaction that runs alone among all exclusive ones on this database, in all
  /// processes, and sees what the one before committed. For migrations.
  virtual Status exclusive_transaction(const std::function<Status(Session&)>& f) = 0;
  /// The same for a step of the schema: SQLite checks references between tables only at its end, so
  /// that a table can be made anew while others refer to it.
  virtual Status schema_transaction(const std::function<Status(Session&)>& f) {
    return exclusive_transaction(f);
  }

  template <typename F>
  auto write(F&& f) -> decltype(f(std::declval<Session&>())) {
    return run(std::forward<F>(f), true);
  }
  template <typename F>
  auto read(F&& f) -> decltype(f(std::declval<Session&>())) {
    return run(std::forward<F>(f), false);
  }

 private:
  template <typename F>
  auto run(F&& f, bool writes) -> decltype(f(std::declval<Session&>())) {
    using R = decltype(f(std::declval<Session&>()));
    std::unique_ptr<R> answer;
    auto body = [&](Session& session) -> Status {
      answer = std::make_unique<R>(f(session));
      if (!answer->ok()) return answer->error();
      return {};
    };
    Status status = writes ? write_transaction(body) : read_transaction(body);
    if (!status.ok()) return std::move(status).error();
    return std::move(*answer);
  }
};

/// Steps done are rows of the table schema_migrations(version, name).
///
/// Brings the schema to the newest version in one transaction per step; returns the version
/// reached. Errors: conflict when the database is newer than this program.
Result<int> migrate(Database& database, std::span<const Migration> migrations);
Result<int> schema_version(Database& database);
/// As migrate, inside a transaction that is open already and only up to `version`: for a restore,
/// which makes the schema that its rows were saved from.
Status migrate_within(Session& session, std::span<const Migration> migrations, int version);

/// What the transactions of this process went through since it started. Thread-safe.
struct Statistics {
  std::uint64_t transactions = 0;
  std::uint64_t retries = 0;  ///< runs repeated because others were in the way
  std::uint64_t busy = 0;     ///< transactions given up because others stayed in the way
};
Statistics statistics();

}  // namespace medperf::sql
