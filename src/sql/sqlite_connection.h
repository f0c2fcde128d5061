#pragma once
// One connection to an SQLite file. For the files of this driver only.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "sql/driver.h"

struct sqlite3;
struct sqlite3_stmt;

namespace medperf::sql::sqlite {

/// One of the transactions that are committed together, and how it ended.
struct Member {
  const std::function<Status(Session&)>* work = nullptr;
  Status status;
  bool again = false;         ///< not committed, through no fault of its own: try it alone
  std::exception_ptr thrown;  ///< what `work` threw
};

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const fs::path& file, bool writes);
  Connection(fs::path file, sqlite3* handle) : file_(std::move(file)), handle_(handle) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs `f` in a transaction begun with `begin` (BEGIN or BEGIN IMMEDIATE).
  Attempt transaction(std::string_view begin, const std::function<Status(Session&)>& f);
  /// Adds the members that came meanwhile, if any.
  using LateMembers = std::function<void(std::vector<Member*>&)>;
  /// Runs the members one after the other in one transaction, then those that `late` adds, until it
  /// adds none. One that fails undoes what it wrote itself and nothing else.
  void transactions(std::vector<Member*>& members, const LateMembers& late);

  Status run_script(const std::string& script);
  /// A prepared statement, reset and with `params` bound.
  Result<sqlite3_stmt*> bound(std::string_view statement, const Params& params);
  /// Runs a statement without parameters or rows.
  Status run(std::string_view statement);
  Error error(std::string_view statement) const;
  /// Whether the file is no longer the one at its path: what is written now would go with it.
  bool moved() const;
  bool in_transaction() const;
  sqlite3* handle() const { return handle_; }

 private:
  Result<sqlite3_stmt*> prepared(std::string_view statement);
  Error moved_error() const;
  enum class Together { kCommitted, kRefused, kNotCommitted, kNeedSavepoints };
  Together run_together(std::vector<Member*>& members, const LateMembers& late);
  Together run_under_savepoints(const std::vector<Member*>& members);
  bool run_member(Member& member);
  void run_under_savepoint(Member& member);
  void forget_statements();

  const fs::path file_;
  sqlite3* const handle_;
  StatementCache<sqlite3_stmt*> statements_;
};

}  // namespace medperf::sql::sqlite
