#pragma once
// One connection to PostgreSQL, in libpq's pipeline mode: what can be sent together is one round
// trip. For the files of this driver only.

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sql/driver.h"

namespace medperf::sql::postgres {

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ResultCloser>;

/// "cached plan must not change result type": a migration changed a table since it was prepared.
bool is_stale_plan(const PGresult* result);
Error statement_error(const PGresult* result, std::string_view statement);
Error unreachable(std::string cause);
Value column_value(const PGresult* result, int row, int column);
/// A whole number, a truth value, or a number that may be either (a sum).
bool is_integer_type(Oid type);
std::int64_t integer_value(const PGresult* result, int row, int column);

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::string& settings);
  explicit Connection(PGconn* handle) : handle_(handle) {}
  ~Connection() { PQfinish(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// In place of BEGIN: a transaction that only reads. All that is sent up to a Sync message is one
  /// transaction of itself, by the session's defaults REPEATABLE READ and READ ONLY.
  static constexpr std::string_view kReads = "";
  /// Runs `f` in a transaction begun with `begin`, or kReads. What was only read needs no wait for
  /// its end.
  Attempt transaction(std::string_view begin, const std::function<Status(Session&)>& f);
  Result<Answer> run(std::string_view statement, const Params& params);
  /// Sends a query with the next one that is run; its answer waits until it is asked.
  void prefetch(std::string_view statement, const Params& params);
  /// The next query that is run ends the transaction, if that only reads: see Session.
  void end_with_next() { ends_with_next_ = reads_; }
  /// Sends a change with the next statement, or with the commit; where it fails, so do they.
  Status send_ahead(std::string_view statement, const Params& params);
  Status run_script(const std::string& script);
  bool only_reads() const { return reads_; }
  bool in_transaction() const { return PQtransactionStatus(handle_) == PQTRANS_INTRANS; }

 private:
  struct Prepared {
    std::string name;
    int parameters = 0;
  };
  /// A message whose answer has not been read, or has been and was not asked for.
  struct Sent {
    enum class Kind { kPrepare, kStatement, kPrefetch, kSync };
    Kind kind = Kind::kStatement;
    std::string statement;
    Params params = {};  ///< of a prefetched query
  };
  struct Fetched {
    Sent sent;
    Result<Answer> answer;
  };

  bool lost() const { return broken_ || PQstatus(handle_) != CONNECTION_OK; }
  Result<const Prepared*> prepared(std::string_view statement);
  Status send(Sent::Kind kind, std::string_view statement, const Params& params);
  Status send_begin();
  Status sync();
  Status ask_for_answers();
  Result<Answer> receive();
  Result<Answer> receive_answer_to(const Sent& sent);
  Result<Answer> receive_last();
  std::optional<Result<Answer>> take_prefetched(std::string_view statement, const Params& params);
  void end_without_waiting();
  Attempt commit();
  Status drain();
  Status ready();
  Status reconnect();
  Status set_up();
  Error failure(const PGresult* result, std::string_view statement);
  void forget_statements();

  PGconn* const handle_;
  StatementCache<Prepared> statements_;
  std::uint64_t names_ = 0;
  bool broken_ = false;  ///< the server said that it ends the connection
  bool stale_ = false;   ///< a prepared statement does not fit its table any more
  std::string begin_;    ///< to be sent before the next statement
  bool begun_ = false;   ///< it was
  bool reads_ = false;   ///< the transaction has no BEGIN
  bool ends_with_next_ = false;
  bool ended_ = false;         ///< the server ended it with the last answer
  bool section_open_ = false;  ///< something was sent after the last Sync message
  std::deque<Sent> sent_;      ///< in the order of their answers
  std::vector<Fetched> fetched_;
  std::optional<Error> section_failure_;  ///< why what was sent after it is not done
};

}  // namespace medperf::sql::postgres
