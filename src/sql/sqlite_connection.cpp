// One connection to an SQLite file, and sessions on it.

#include "sql/sqlite_connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "sql/sqlite_errors.h"

namespace medperf::sql::sqlite {
namespace {

constexpr std::size_t kCachedStatements = 256;
constexpr int kBusyMilliseconds = 10'000;

/// Ends the use of a prepared statement: it holds locks and copies of its parameters until reset.
class StatementReset {
 public:
  explicit StatementReset(sqlite3_stmt* statement) : statement_(statement) {}
  ~StatementReset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  StatementReset(const StatementReset&) = delete;
  StatementReset& operator=(const StatementReset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

/// Rolls back on every way out but a commit (f may throw).
class Rollback {
 public:
  explicit Rollback(Connection& connection) : connection_(connection) {}
  ~Rollback() {
    // SQLite rolls back by itself after some errors (disk full, I/O).
    if (connection_.in_transaction()) {
      const Status ignored = connection_.run("ROLLBACK");
    }
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

 private:
  Connection& connection_;
};

Value column_value(sqlite3_stmt* statement, int i) {
  switch (sqlite3_column_type(statement, i)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, i));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, i);
    default: {
      const void* bytes = sqlite3_column_blob(statement, i);  // before its size: may convert
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
      return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
    }
  }
}

int bind_value(sqlite3_stmt* statement, int i, const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return sqlite3_bind_int(statement, i, *flag);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, i, *integer);
  }
  if (const auto* number = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, i, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    // The caller's parameters outlive the step, so nothing is copied.
    return sqlite3_bind_text64(statement, i, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, i);
}

/// Looks at a value where it is: a connection belongs to one thread at a time, so it needs no
/// protection, and looks through sqlite3_column_* would cost several times as much.
Cell cell_of(sqlite3_value* value) {
  Cell cell;
  const int type = sqlite3_value_type(value);
  cell.null = type == SQLITE_NULL;
  if (type == SQLITE_INTEGER) {
    cell.integer = sqlite3_value_int64(value);
  } else if (!cell.null) {
    const void* bytes = sqlite3_value_blob(value);  // before its size: may convert
    cell.text = {static_cast<const char*>(bytes),
                 static_cast<std::size_t>(sqlite3_value_bytes(value))};
  }
  return cell;
}

class SqliteSession final : public DriverSession {
 public:
  explicit SqliteSession(Connection& connection) : connection_(connection) {}
  Dialect dialect() const override { return Dialect::kSqlite; }

  Result<std::optional<std::string>> version() override {
    MEDPERF_TRY(auto rows, query("PRAGMA data_version", {}));
    return connection_.version(rows.front().integer(0));
  }

 protected:
  Result<Rows> do_query(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(sqlite3_stmt * prepared, connection_.bound(statement, params));
    const StatementReset reset(prepared);
    Rows rows;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
      std::vector<Value> values;
      const int columns = sqlite3_column_count(prepared);
      values.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) values.push_back(column_value(prepared, i));
      rows.emplace_back(std::move(values));
    }
    if (code != SQLITE_DONE) return connection_.error(statement);
    return rows;
  }

  Status do_stream(std::string_view statement, const Params& params,
                   const RowReader& read) override {
    MEDPERF_TRY(sqlite3_stmt * prepared, connection_.bound(statement, params));
    const StatementReset reset(prepared);
    std::vector<Cell> cells(static_cast<std::size_t>(sqlite3_column_count(prepared)));
    const RowView row(cells);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = cell_of(sqlite3_column_value(prepared, static_cast<int>(i)));
      }
      read(row);
    }
    if (code != SQLITE_DONE) return connection_.error(statement);
    return {};
  }

  Result<std::int64_t> do_execute(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(sqlite3_stmt * prepared, connection_.bound(statement, params));
    const StatementReset reset(prepared);
    const std::int64_t before = sqlite3_total_changes64(connection_.handle());
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(prepared);
    if (code != SQLITE_DONE) return connection_.error(statement);
    // sqlite3_changes keeps the count of an earlier statement when this one changed nothing.
    const bool changed = sqlite3_total_changes64(connection_.handle()) != before;
    return changed ? static_cast<std::int64_t>(sqlite3_changes64(connection_.handle())) : 0;
  }

  Status do_run_script(std::string_view script) override {
    MEDPERF_CHECK(connection_.run_script(std::string(script)));
    if (!connection_.in_transaction()) {
      return make_error(ErrorKind::kBug, "database", "a script ended its transaction");
    }
    return {};
  }

 private:
  Connection& connection_;
};

/// SQLite counts its memory under one lock for all threads; nothing reads the count. What would
/// undo a statement stays in memory: one row and what its triggers write touch more pages than
/// SQLite keeps there by itself, and the rest went to a temporary file made anew for each
/// transaction.
void set_up_library() {
  constexpr int kUndoInMemory = 4 << 20;
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) |
                          sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, kUndoInMemory);
  static_cast<void>(done);
}

/// Makes the file for its owner only: SQLite would make it readable for others, and gives its -wal
/// and -shm files the same mode. One that is there is left alone: closing any descriptor of it
/// would end the locks of this process's connections, and another process that closes the database
/// would take itself for the last and remove the log that this one still writes to.
Status make_private_file(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {};
  if (fd < 0) {
    return make_error(ErrorKind::kUnavailable, file.string(),
                      std::string("the database file cannot be opened: ") + std::strerror(errno),
                      "Check that the folder exists and belongs to this user.");
  }
  ::close(fd);
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open_writer(const fs::path& file) {
  return open(file, true);
}

Result<std::unique_ptr<Connection>> Connection::open_reader(const fs::path& file,
                                                            ChangeCount changes) {
  MEDPERF_TRY(auto reader, open(file, false));
  reader->changes_ = std::move(changes);
  return reader;
}

Result<std::unique_ptr<Connection>> Connection::open(const fs::path& file, bool writes) {
  set_up_library();
  // Only the writer, opened at the start, may make the file: a reader that found none would put an
  // empty database in the place of one that was moved away.
  if (writes) MEDPERF_CHECK(make_private_file(file));
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  auto connection = std::make_unique<Connection>(file, handle);
  if (code != SQLITE_OK) return file_error(code, file.string(), sqlite3_errstr(code));
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  for (const int setting :
       {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_TRUSTED_SCHEMA}) {
    sqlite3_db_config(handle, setting, 0, nullptr);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const std::string settings =
      std::string("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;") +
      "PRAGMA foreign_keys=ON; PRAGMA query_only=" + (writes ? "OFF;" : "ON;") +
      // The writer touches pages all over the indices of large tables.
      (writes ? "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000" : "");
  // Changing to WAL does not wait for other processes by itself.
  MEDPERF_CHECK(with_retries([&]() -> Attempt {
    Status status = connection->run_script(settings);
    const bool again = !status.ok() && status.error().kind == ErrorKind::kBusy;
    return {std::move(status), again};
  }));
  MEDPERF_TRY(sqlite3_stmt * mode, connection->bound("PRAGMA journal_mode", {}));
  const StatementReset reset(mode);
  if (sqlite3_step(mode) != SQLITE_ROW || column_value(mode, 0) != Value(std::string("wal"))) {
    return make_error(ErrorKind::kUnavailable, file.string(),
                      "the file system cannot hold a database with a write-ahead log",
                      "Put the database on a local disk.");
  }
  return connection;
}

Connection::~Connection() {
  forget_statements();
  sqlite3_close(handle_);
}

void Connection::forget_statements() {
  for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
}

Error Connection::error(std::string_view statement) const {
  const int code = sqlite3_extended_errcode(handle_);
  const std::string message = sqlite3_errmsg(handle_);
  if ((code & 0xff) == SQLITE_CONSTRAINT) return constraint_error(code, message, statement);
  if (code == SQLITE_READONLY && sqlite3_db_readonly(handle_, "main") == 0) {
    return make_error(ErrorKind::kBug, "database", "a read transaction tried to write", {},
                      std::string(statement));
  }
  return file_error(code, file_.string(), message);
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

Status Connection::run(std::string_view statement) {
  MEDPERF_TRY(sqlite3_stmt * made, bound(statement, {}));
  const StatementReset reset(made);
  if (sqlite3_step(made) != SQLITE_DONE) return error(statement);
  return {};
}

Status Connection::run_script(const std::string& script) {
  if (sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error(script);
  }
  return {};
}

Result<sqlite3_stmt*> Connection::prepared(std::string_view statement) {
  const auto known = statements_.find(statement);
  if (known != statements_.end()) return known->second;
  if (statements_.size() >= kCachedStatements) forget_statements();
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(handle_, statement.data(), static_cast<int>(statement.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, &rest);
  if (code != SQLITE_OK) return error(statement);
  const std::string_view tail(rest, static_cast<std::size_t>(statement.end() - rest));
  if (made == nullptr || tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    sqlite3_finalize(made);
    return make_error(ErrorKind::kBug, "database", "exactly one SQL statement is expected", {},
                      std::string(statement));
  }
  statements_.emplace(statement, made);
  return made;
}

Result<sqlite3_stmt*> Connection::bound(std::string_view statement, const Params& params) {
  MEDPERF_TRY(sqlite3_stmt * made, prepared(statement));
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(made));
  if (wanted != params.size()) return wrong_parameter_count(statement, wanted, params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (bind_value(made, static_cast<int>(i) + 1, params[i]) != SQLITE_OK) {
      Error failure = error(statement);
      const StatementReset reset(made);
      return failure;
    }
  }
  return made;
}

bool Connection::moved() const {
  int moved = 0;
  return sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
         moved != 0;
}

Error Connection::moved_error() const {
  return make_error(ErrorKind::kUnavailable, file_.string(),
                    "the database file was moved or removed",
                    "Bring it back, or stop this program and restore a backup.");
}

Attempt Connection::transaction(std::string_view begin, const std::function<Status(Session&)>& f) {
  const auto ended = [](Status status) {
    const bool again = !status.ok() && status.error().kind == ErrorKind::kBusy;
    return Attempt{std::move(status), again};
  };
  if (moved()) return {moved_error(), false};
  if (changes_) changes_at_begin_ = changes_->load();
  if (Status begun = run(begin); !begun.ok()) return ended(std::move(begun));
  const Rollback rollback(*this);
  SqliteSession session(*this);
  Status returned = f(session);
  if (auto reason = reason_to_roll_back(std::move(returned), session)) return std::move(*reason);
  Attempt committed = ended(run("COMMIT"));
  if (committed.status.ok() && moved()) committed.status = moved_error();
  return committed;
}

std::optional<std::string> Connection::version(std::int64_t data_version) {
  if (!changes_) return std::nullopt;
  if (data_version_ == data_version) return std::to_string(changes_at_begin_);
  data_version_ = data_version;
  changes_->fetch_add(1);
  return std::nullopt;
}

/// True: what it wrote is to be kept.
bool Connection::run_member(Member& member) {
  SqliteSession session(*this);
  member.again = false;
  member.thrown = nullptr;
  try {
    auto reason = reason_to_roll_back((*member.work)(session), session);
    if (!reason) {
      member.status = Status();
      return true;
    }
    member.again = reason->again;
    member.status = std::move(reason->status);
  } catch (...) {  // the thread it belongs to throws it again
    member.thrown = std::current_exception();
  }
  return false;
}

void Connection::run_under_savepoint(Member& member) {
  if (!run("SAVEPOINT member").ok()) {
    member.again = true;
    return;
  }
  const bool keep = run_member(member);
  if (!keep && in_transaction()) member.again |= !run("ROLLBACK TO member").ok();
  if (in_transaction()) member.again |= !run("RELEASE member").ok();
}

Connection::Together Connection::run_together(std::vector<Member*>& members,
                                              const LateMembers& late) {
  if (moved() || !run("BEGIN IMMEDIATE").ok()) return Together::kNotCommitted;
  const Rollback rollback(*this);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::int64_t changes = sqlite3_total_changes64(handle_);
    const bool keep = run_member(*members[i]);
    // A full disk makes SQLite roll back everything at once.
    if (!in_transaction()) return Together::kNotCommitted;
    if (!keep && sqlite3_total_changes64(handle_) != changes) {
      return members.size() == 1 && !members[i]->again ? Together::kRefused
                                                       : Together::kNeedSavepoints;
    }
    // Whoever came while these ran need not wait for a sync of their own.
    if (i + 1 == members.size()) late(members);
  }
  return run("COMMIT").ok() ? Together::kCommitted : Together::kNotCommitted;
}

Connection::Together Connection::run_under_savepoints(const std::vector<Member*>& members) {
  if (moved() || !run("BEGIN IMMEDIATE").ok()) return Together::kNotCommitted;
  const Rollback rollback(*this);
  for (Member* member : members) {
    run_under_savepoint(*member);
    if (!in_transaction()) return Together::kNotCommitted;
  }
  return run("COMMIT").ok() ? Together::kCommitted : Together::kNotCommitted;
}

void Connection::transactions(std::vector<Member*>& members, const LateMembers& late) {
  // A savepoint costs a copy of each page that is written under it. Most that fail have written
  // nothing yet; only when one has are all run anew, under savepoints.
  Together done = run_together(members, late);
  if (done == Together::kRefused) return;
  if (done == Together::kNeedSavepoints) done = run_under_savepoints(members);
  if (done == Together::kCommitted) {
    if (!moved()) return;
    for (Member* member : members) {
      if (member->status.ok()) member->status = moved_error();
    }
    return;
  }
  // Refusals too: they may rest on what an earlier member had written.
  for (Member* member : members) member->again = !member->thrown;
}

}  // namespace medperf::sql::sqlite
