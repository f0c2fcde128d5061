#pragma once
// One connection to an SQLite file. For the files of this driver only.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

/// Counts what readers saw change, for all readers of a database. SQLite tells each connection only
/// whether another one has committed since that connection last looked. So a reader that finds a
/// change counts it and gives no name to what it reads then; one that finds none names it by the
/// count from before it began: whoever saw a later commit has counted since.
using ChangeCount = std::shared_ptr<std::atomic<std::uint64_t>>;

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open_writer(const fs::path& file);
  static Result<std::unique_ptr<Connection>> open_reader(const fs::path& file, ChangeCount changes);
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
  /// The name of what the open transaction reads (Session::version), given SQLite's data_version.
  std::optional<std::string> version(std::int64_t data_version);
  sqlite3* handle() const { return handle_; }

 private:
  static Result<std::unique_ptr<Connection>> open(const fs::path& file, bool writes);
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
  ChangeCount changes_;                       ///< of a reader
  std::optional<std::int64_t> data_version_;  ///< when this reader last looked
  std::uint64_t changes_at_begin_ = 0;        ///< of the open transaction
};

}  // namespace medperf::sql::sqlite
