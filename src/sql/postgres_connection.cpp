// Sending, receiving and transactions on one connection to PostgreSQL.

#include "sql/postgres_connection.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"

namespace medperf::sql::postgres {
namespace {

constexpr std::size_t kCachedStatements = 512;

void log_notice(void*, const PGresult* result) {
  log::debug("postgres_notice", {{"message", PQresultErrorMessage(result)}});
}

std::string to_text(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

/// The parameter in PostgreSQL's text form; null for NULL. `kept` holds texts made here.
const char* parameter_text(const Value& value, std::string& kept) {
  if (std::holds_alternative<std::nullptr_t>(value)) return nullptr;
  if (const auto* text = std::get_if<std::string>(&value)) return text->c_str();
  if (const auto* flag = std::get_if<bool>(&value)) kept = *flag ? "1" : "0";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) kept = std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) kept = to_text(*number);
  return kept.c_str();
}

bool is_good(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/// The columns of an answer, as they are given to a reader row by row.
class Cells {
 public:
  explicit Cells(const PGresult* result)
      : result_(result), cells_(static_cast<std::size_t>(PQnfields(result))) {
    for (int i = 0; i < PQnfields(result); ++i) {
      is_integer_.push_back(is_integer_type(PQftype(result, i)));
    }
  }
  std::span<const Cell> all() const { return cells_; }
  void read(int row) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const auto column = static_cast<int>(i);
      Cell& cell = cells_[i];
      cell.null = PQgetisnull(result_, row, column) != 0;
      if (cell.null) continue;
      if (is_integer_[i]) {
        cell.integer = integer_value(result_, row, column);
      } else {
        cell.text = {PQgetvalue(result_, row, column),
                     static_cast<std::size_t>(PQgetlength(result_, row, column))};
      }
    }
  }

 private:
  const PGresult* result_;
  std::vector<Cell> cells_;
  std::vector<bool> is_integer_;
};

/// Which transactions are visible: those below its lower bound, and the others up to its upper
/// bound that it does not list. Two equal ones see the same rows of every table.
constexpr std::string_view kSnapshot = "SELECT CAST(pg_current_snapshot() AS TEXT)";

class PostgresSession final : public DriverSession {
 public:
  explicit PostgresSession(Connection& connection) : connection_(connection) {}
  Dialect dialect() const override { return Dialect::kPostgres; }
  bool is_remote() const override { return true; }

  Result<std::optional<std::string>> version() override {
    if (!connection_.only_reads()) return std::optional<std::string>();
    MEDPERF_TRY(auto rows, query(kSnapshot, {}));
    return std::optional(rows.front().text(0));
  }
  void prefetch_version() override {
    if (connection_.only_reads()) prefetch(kSnapshot, {});
  }
  void ends_with_next() override { connection_.end_with_next(); }

 protected:
  Result<Rows> do_query(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(const Answer answer, connection_.run(statement, params));
    Rows rows;
    const int count = PQntuples(answer.get());
    const int columns = PQnfields(answer.get());
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      std::vector<Value> values;
      values.reserve(static_cast<std::size_t>(columns));
      for (int c = 0; c < columns; ++c) values.push_back(column_value(answer.get(), i, c));
      rows.emplace_back(std::move(values));
    }
    return rows;
  }

  Status do_stream(std::string_view statement, const Params& params,
                   const RowReader& read) override {
    MEDPERF_TRY(const Answer answer, connection_.run(statement, params));
    Cells cells(answer.get());
    const RowView row(cells.all());
    const int count = PQntuples(answer.get());
    for (int i = 0; i < count; ++i) {
      cells.read(i);
      read(row);
    }
    return {};
  }

  void do_prefetch(std::string_view statement, const Params& params) override {
    connection_.prefetch(statement, params);
  }

  Result<std::int64_t> do_execute(std::string_view statement, const Params& params) override {
    MEDPERF_TRY(const Answer answer, connection_.run(statement, params));
    // A SELECT has a count too, of rows found; none is changed.
    const std::string_view tag = PQcmdStatus(answer.get());
    if (tag.starts_with("SELECT")) return 0;
    const std::string_view count = PQcmdTuples(answer.get());
    std::int64_t changed = 0;
    std::from_chars(count.data(), count.data() + count.size(), changed);
    return changed;
  }

  Status do_execute_later(std::string_view statement, const Params& params) override {
    return connection_.send_ahead(statement, params);
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

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& settings) {
  // Later words win, so the given settings may change these defaults.
  const char* const words[] = {"connect_timeout", "fallback_application_name", "dbname",
                               "client_encoding", nullptr};
  const char* const values[] = {"10", "medperf", settings.c_str(), "UTF8", nullptr};
  auto connection = std::make_unique<Connection>(PQconnectdbParams(words, values, 1));
  if (connection->lost()) return unreachable(PQerrorMessage(connection->handle_));
  MEDPERF_CHECK(connection->set_up());
  return connection;
}

Status Connection::set_up() {
  PQsetNoticeReceiver(handle_, log_notice, nullptr);
  const char* encoding = PQparameterStatus(handle_, "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return make_error(ErrorKind::kUnavailable, "database", "its encoding is not UTF8",
                      "Create it with ENCODING 'UTF8'.");
  }
  PQenterPipelineMode(handle_);
  // A sequential scan makes a serialisable transaction depend on every row of its table: two that
  // write anything there would collide. Our statements have indices, and plans that fit them all.
  // What such a plan is said to cost would make the server compile it: hundreds of milliseconds.
  return run_script(
      "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = "
      "on;"
      "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off;"
      "SET standard_conforming_strings = on; SET lock_timeout = '30s';"
      "SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = '60s'");
}

Status Connection::reconnect() {
  statements_.clear();
  sent_.clear();
  fetched_.clear();
  section_failure_.reset();
  section_open_ = false;
  broken_ = false;
  PQreset(handle_);
  if (lost()) return unreachable(PQerrorMessage(handle_));
  return set_up();
}

Error Connection::failure(const PGresult* result, std::string_view statement) {
  stale_ = stale_ || is_stale_plan(result);
  // Shutdown and the like: the closed socket may be seen only later.
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  broken_ = broken_ || (state != nullptr && std::string_view(state).starts_with("57P"));
  if (lost()) return unreachable(PQerrorMessage(handle_));
  return statement_error(result, statement);
}

void Connection::forget_statements() {
  if (run_script("DEALLOCATE ALL").ok()) statements_.clear();
  stale_ = false;
}

/// Scripts are the one thing that pipeline mode cannot send.
Status Connection::run_script(const std::string& script) {
  MEDPERF_CHECK(send_begin());
  MEDPERF_CHECK(drain());
  PQexitPipelineMode(handle_);
  const Answer answer(PQexec(handle_, script.c_str()));
  if (lost()) return unreachable(PQerrorMessage(handle_));
  PQenterPipelineMode(handle_);
  if (!is_good(answer.get())) return failure(answer.get(), script);
  return {};
}

Result<const Connection::Prepared*> Connection::prepared(std::string_view statement) {
  const auto known = statements_.find(statement);
  if (known != statements_.end()) return &known->second;
  const NumberedStatement numbered = number_placeholders(statement);
  const std::string name = "m" + std::to_string(++names_);
  if (PQsendPrepare(handle_, name.c_str(), numbered.text.c_str(), 0, nullptr) != 1) {
    return unreachable(PQerrorMessage(handle_));
  }
  section_open_ = true;
  sent_.push_back({Sent::Kind::kPrepare, std::string(statement)});
  const auto added =
      statements_.emplace(std::string(statement), Prepared{name, numbered.parameters});
  return &added.first->second;
}

Status Connection::send(Sent::Kind kind, std::string_view statement, const Params& params) {
  MEDPERF_TRY(const Prepared* known, prepared(statement));
  const auto wanted = static_cast<std::size_t>(known->parameters);
  if (wanted != params.size()) return wrong_parameter_count(statement, wanted, params.size());
  std::vector<std::string> kept(params.size());
  std::vector<const char*> texts(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) texts[i] = parameter_text(params[i], kept[i]);
  if (PQsendQueryPrepared(handle_, known->name.c_str(), known->parameters, texts.data(), nullptr,
                          nullptr, 0) != 1) {
    return unreachable(PQerrorMessage(handle_));
  }
  section_open_ = true;
  Sent sent{kind, std::string(statement)};
  if (kind == Sent::Kind::kPrefetch) sent.params = params;
  sent_.push_back(std::move(sent));
  return {};
}

/// BEGIN goes with the first statement, in one message.
Status Connection::send_begin() {
  if (begin_.empty()) return {};
  const std::string begin = std::exchange(begin_, {});
  begun_ = true;
  return send(Sent::Kind::kStatement, begin, {});
}

Status Connection::sync() {
  if (PQpipelineSync(handle_) != 1) return unreachable(PQerrorMessage(handle_));
  section_open_ = false;
  sent_.push_back({Sent::Kind::kSync, {}});
  return {};
}

/// Has the server answer what was sent. A Sync message would end a transaction without BEGIN; in
/// one that writes it lets the server notice a client that does not go on.
Status Connection::ask_for_answers() {
  ended_ = std::exchange(ends_with_next_, false);
  if (!reads_ || ended_) return sync();
  if (PQsendFlushRequest(handle_) != 1) return unreachable(PQerrorMessage(handle_));
  return {};
}

/// The next answer of the server, to the first of `sent_`.
Result<Answer> Connection::receive() {
  const Sent sent = std::move(sent_.front());
  sent_.pop_front();
  auto answer = receive_answer_to(sent);
  if (!answer.ok() && sent.kind == Sent::Kind::kPrepare) statements_.erase(sent.statement);
  if (sent.kind == Sent::Kind::kPrefetch) {
    fetched_.push_back({sent, std::move(answer)});
    return Answer();
  }
  return answer;
}

Result<Answer> Connection::receive_answer_to(const Sent& sent) {
  Answer answer(PQgetResult(handle_));
  if (!answer || lost()) {
    sent_.clear();
    return unreachable(PQerrorMessage(handle_));
  }
  if (sent.kind == Sent::Kind::kSync) {
    section_failure_.reset();
    return answer;
  }
  const Answer end(PQgetResult(handle_));  // null: ends the answers to one statement
  if (is_good(answer.get())) return answer;
  if (!section_failure_) section_failure_ = failure(answer.get(), sent.statement);
  return *section_failure_;
}

/// Reads what has been sent but not answered yet, to the last message: its answer.
Result<Answer> Connection::receive_last() {
  std::size_t left = sent_.size();
  MEDPERF_CHECK(ask_for_answers());
  for (; left > 1; --left) {
    // What nobody waits for: BEGIN, or the end of an earlier transaction that only read. Where it
    // failed and that matters, what was sent after it fails too.
    const auto ignored = receive();
    if (lost()) return unreachable(PQerrorMessage(handle_));
  }
  return receive();
}

Status Connection::drain() {
  if (section_open_) MEDPERF_CHECK(sync());
  while (!sent_.empty()) {
    const auto ignored = receive();
  }
  if (lost()) return unreachable(PQerrorMessage(handle_));
  return {};
}

std::optional<Result<Answer>> Connection::take_prefetched(std::string_view statement,
                                                          const Params& params) {
  const auto found = std::find_if(fetched_.begin(), fetched_.end(), [&](const Fetched& fetched) {
    return fetched.sent.statement == statement && fetched.sent.params == params;
  });
  if (found == fetched_.end()) return std::nullopt;
  auto answer = std::move(found->answer);
  fetched_.erase(found);
  return answer;
}

Result<Answer> Connection::run(std::string_view statement, const Params& params) {
  if (auto known = take_prefetched(statement, params)) return std::move(*known);
  if (ended_) {
    return make_error(ErrorKind::kBug, "database", "a query after the last one of its transaction",
                      {}, std::string(statement));
  }
  MEDPERF_CHECK(send_begin());
  MEDPERF_CHECK(send(Sent::Kind::kStatement, statement, params));
  return receive_last();
}

void Connection::prefetch(std::string_view statement, const Params& params) {
  Status sent = send_begin();
  if (sent.ok()) sent = send(Sent::Kind::kPrefetch, statement, params);
  // What is wrong with it is said when it is asked.
}

Status Connection::send_ahead(std::string_view statement, const Params& params) {
  MEDPERF_CHECK(send_begin());
  return send(Sent::Kind::kStatement, statement, params);
}

/// Makes the connection ready for another transaction: a new one when the old one was lost (the
/// server restarted while it was idle).
Status Connection::ready() {
  fetched_.clear();
  ends_with_next_ = ended_ = false;
  begun_ = false;
  begin_.clear();
  if (lost()) MEDPERF_CHECK(reconnect());
  if (statements_.size() >= kCachedStatements) stale_ = true;
  if (stale_) forget_statements();
  return {};
}

/// Ends a transaction that wrote nothing to be kept: whatever the answer, there is nothing to do.
void Connection::end_without_waiting() {
  if (lost()) return;
  Status sent;
  // Ends a section that may have failed, and with it a transaction that only read.
  if (section_open_) sent = sync();
  if (!begun_) return;
  if (sent.ok()) sent = send(Sent::Kind::kStatement, "ROLLBACK", {});
  if (sent.ok()) sent = sync();
}

Attempt Connection::commit() {
  if (!begun_) return {};
  Result<Answer> committed = send(Sent::Kind::kStatement, "COMMIT", {}).ok()
                                 ? receive_last()
                                 : Result<Answer>(unreachable(PQerrorMessage(handle_)));
  if (committed.ok()) {
    const std::string_view tag = PQcmdStatus(committed->get());
    if (tag == "COMMIT") return {};
    return {make_error(ErrorKind::kBug, "database", "PostgreSQL rolled back instead of committing",
                       {}, std::string(tag))};
  }
  // COMMIT is not done after a change that failed: then the transaction is still there.
  const Status known = drain();
  if (known.ok() && PQtransactionStatus(handle_) == PQTRANS_INERROR) end_without_waiting();
  if (lost()) {
    return {make_error(ErrorKind::kUnavailable, "database",
                       "the connection was lost while committing: it is not known whether the "
                       "change was stored",
                       "Look before doing it again.", committed.error().cause)};
  }
  const bool again = committed.error().kind == ErrorKind::kBusy;
  return {std::move(committed).error(), again};
}

Attempt Connection::transaction(std::string_view begin, const std::function<Status(Session&)>& f) {
  if (Status prepared = ready(); !prepared.ok()) {
    const bool again = prepared.error().kind == ErrorKind::kBusy;
    return {std::move(prepared), again};
  }
  begin_ = begin;
  reads_ = begin == kReads;
  bool ended = false;
  // Rolls back on every way out but a commit (f may throw).
  const auto roll_back = [&](const bool* done) {
    if (!*done) end_without_waiting();
  };
  const std::unique_ptr<const bool, decltype(roll_back)> rollback(&ended, roll_back);
  PostgresSession session(*this);
  Status returned = f(session);
  if (auto reason = reason_to_roll_back(std::move(returned), session)) {
    // Before COMMIT was sent nothing can have been committed, so a lost connection is tried again.
    if (session.failure() && lost()) reason->again = true;
    return std::move(*reason);
  }
  ended = true;
  if (!reads_) return commit();
  end_without_waiting();
  return {};
}

}  // namespace medperf::sql::postgres
