// The SQLite driver: WAL, synchronous=FULL, one writer and N readers in this process; other
// processes may use the file too.

#include <algorithm>
#include <condition_variable>
#include <deque>

#include "sql/sqlite_connection.h"

namespace medperf::sql {
namespace {

using sqlite::Connection;
using sqlite::Member;

/// More would only make the first of them wait longer for the sync.
constexpr std::size_t kLargestGroup = 64;

/// Write transactions in the order of their coming. The thread whose turn it is runs those that
/// wait, commits them together and wakes their threads: one sync serves all.
class WriteQueue {
 public:
  explicit WriteQueue(std::unique_ptr<Connection> writer) : writer_(std::move(writer)) {}

  /// `schema`: alone, and references between tables are checked at its end instead of after each
  /// statement: SQLite changes a column's constraint only by making its table anew.
  Status run(const std::function<Status(Session&)>& f, bool alone, bool schema = false) {
    Waiting mine;
    mine.member.work = &f;
    mine.alone = alone;
    mine.schema = schema;
    if (wait_for_turn(mine)) commit_group();
    if (mine.member.thrown) std::rethrow_exception(mine.member.thrown);
    return std::move(mine.member.status);
  }

 private:
  struct Waiting {
    Member member;
    bool alone = false;
    bool schema = false;
    bool done = false;
    bool leads = false;
    std::condition_variable woken;
  };

  /// True: the caller shall commit the group at the front; false: another thread has done it all.
  bool wait_for_turn(Waiting& mine) {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&mine);
    if (!busy_) {
      busy_ = true;
      return true;
    }
    mine.woken.wait(lock, [&] { return mine.done || mine.leads; });
    return !mine.done;
  }

  /// The caller's own transaction is the first of the group.
  void commit_group() {
    std::vector<Waiting*> group;
    take_waiting(group);
    run_group(group);
    const std::lock_guard lock(mutex_);
    for (Waiting* waiting : group) {
      waiting->done = true;
      waiting->woken.notify_one();
    }
    busy_ = !waiting_.empty();
    if (busy_) {
      waiting_.front()->leads = true;
      waiting_.front()->woken.notify_one();
    }
  }

  /// Moves to the group those that may be committed with it.
  void take_waiting(std::vector<Waiting*>& group) {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && group.size() < kLargestGroup) {
      if (!group.empty() && (waiting_.front()->alone || group.front()->alone)) break;
      group.push_back(waiting_.front());
      waiting_.pop_front();
    }
  }

  void run_group(std::vector<Waiting*>& group) {
    if (group.front()->schema) return run_schema(group.front()->member);
    if (group.front()->alone) return run_alone(group.front()->member);
    std::vector<Member*> members;
    const auto enlist = [&group](std::vector<Member*>& list) {
      while (list.size() < group.size()) list.push_back(&group[list.size()]->member);
    };
    enlist(members);
    writer_->transactions(members, [&](std::vector<Member*>& list) {
      take_waiting(group);
      enlist(list);
    });
    for (Member* member : members) {
      if (member->again) run_alone(*member);
    }
  }

  void run_alone(Member& member) {
    try {
      member.status =
          with_retries([&] { return writer_->transaction("BEGIN IMMEDIATE", *member.work); });
    } catch (...) {  // thrown again in the thread it belongs to
      member.thrown = std::current_exception();
    }
  }

  void run_schema(Member& member) {
    const std::function<Status(Session&)>& change = *member.work;
    const std::function<Status(Session&)> checked = [&change](Session& session) -> Status {
      MEDPERF_CHECK(change(session));
      MEDPERF_TRY(auto broken, session.query("PRAGMA foreign_key_check"));
      if (broken.empty()) return {};
      return make_error(ErrorKind::kInvalid, broken.front().text(0),
                        "a row that is referred to does not exist");
    };
    member.status = writer_->run_script("PRAGMA foreign_keys=OFF");
    if (!member.status.ok()) return;
    member.work = &checked;
    run_alone(member);
    member.work = &change;
    if (auto on = writer_->run_script("PRAGMA foreign_keys=ON"); member.status.ok()) {
      member.status = std::move(on);
    }
  }

  std::unique_ptr<Connection> writer_;
  std::mutex mutex_;
  std::deque<Waiting*> waiting_;
  bool busy_ = false;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::unique_ptr<Connection> writer, const SqliteOptions& options)
      : writes_(std::move(writer)),
        readers_(options.readers > 0 ? options.readers : 1,
                 [file = options.file, changes = std::make_shared<std::atomic<std::uint64_t>>(0)] {
                   return Connection::open_reader(file, changes);
                 }) {}

  Dialect dialect() const override { return Dialect::kSqlite; }

  Status write_transaction(const std::function<Status(Session&)>& f) override {
    return write(f, false);
  }

  Status read_transaction(const std::function<Status(Session&)>& f) override {
    const TransactionMark mark(this);
    MEDPERF_CHECK(mark.check());
    MEDPERF_TRY(auto reader, readers_.take());
    return with_retries([&] { return reader->transaction("BEGIN", f); });
  }

  Status exclusive_transaction(const std::function<Status(Session&)>& f) override {
    return write(f, true);
  }

  Status schema_transaction(const std::function<Status(Session&)>& f) override {
    const TransactionMark mark(this);
    MEDPERF_CHECK(mark.check());
    return writes_.run(f, true, true);
  }

 private:
  Status write(const std::function<Status(Session&)>& f, bool alone) {
    const TransactionMark mark(this);
    MEDPERF_CHECK(mark.check());
    return writes_.run(f, alone);
  }

  WriteQueue writes_;
  Pool<Connection> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const SqliteOptions& options) {
  MEDPERF_TRY(auto writer, Connection::open_writer(options.file));
  return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(std::move(writer), options));
}

}  // namespace medperf::sql
