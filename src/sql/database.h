#pragma once
// AGREED. SQL databases: SQLite (embedded) and PostgreSQL behind one port. Statements use '?'.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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
  std::int64_t integer(std::size_t i) const;      ///< precondition: an integer column, not null
  double number(std::size_t i) const;
  const std::string& text(std::size_t i) const;   ///< precondition: a text column, not null
  std::string text_or(std::size_t i, std::string_view other) const;
  const Value& value(std::size_t i) const { return values_[i]; }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

/// Statements inside one transaction, on one connection. Not thread-safe; lives only inside
/// Database::read or write. Prepared statements are cached by text.
///
/// Errors: conflict with where = "table.column[,column]" for a broken unique constraint;
/// invalid with where = "table" for a broken foreign key or check; busy when the transaction must be
/// retried (read/write do so); unavailable otherwise.
class Session {
 public:
  virtual ~Session() = default;
  virtual Dialect dialect() const = 0;
  virtual Result<Rows> query(std::string_view statement, const Params& params = {}) = 0;
  /// Number of rows changed.
  virtual Result<std::int64_t> execute(std::string_view statement, const Params& params = {}) = 0;
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

/// A pool of connections. Thread-safe. SQLite: WAL, synchronous=FULL, one writer, foreign keys on.
/// PostgreSQL: write transactions are SERIALIZABLE, reads READ ONLY REPEATABLE READ.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const SqliteOptions& options);
  static Result<std::unique_ptr<Database>> open(const PostgresOptions& options);
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  /// Runs f in one transaction; commits when it returns ok, else rolls back and returns its error.
  /// f may run more than once (serialisation failures are retried with jitter): it must have no
  /// effect outside the transaction.
  virtual Status write_transaction(const std::function<Status(Session&)>& f) = 0;
  virtual Status read_transaction(const std::function<Status(Session&)>& f) = 0;

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

/// Brings the schema to the newest version in one transaction per step; returns the version reached.
/// Errors: conflict when the database is newer than this program.
Result<int> migrate(Database& database, std::span<const Migration> migrations);
Result<int> schema_version(Database& database);

}  // namespace medperf::sql
