#pragma once
// What both drivers share. For the files of this room only.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sql/database.h"

namespace medperf::sql {

/// A session that keeps its first error: the two databases differ in what a transaction may still
/// do after a failed statement, so it may do nothing.
class DriverSession : public Session {
 public:
  Result<Rows> query(std::string_view statement, const Params& params) final;
  Status stream(std::string_view statement, const Params& params, const RowReader& read) final;
  void prefetch(std::string_view statement, const Params& params) final;
  Result<std::int64_t> execute(std::string_view statement, const Params& params) final;
  Status execute_later(std::string_view statement, const Params& params) final;
  Status run_script(std::string_view script) final;
  const std::optional<Error>& failure() const { return failure_; }

 protected:
  virtual Result<Rows> do_query(std::string_view statement, const Params& params) = 0;
  virtual Status do_stream(std::string_view statement, const Params& params,
                           const RowReader& read) = 0;
  virtual void do_prefetch(std::string_view, const Params&) {}
  virtual Result<std::int64_t> do_execute(std::string_view statement, const Params& params) = 0;
  virtual Status do_execute_later(std::string_view statement, const Params& params);
  virtual Status do_run_script(std::string_view script) = 0;

 private:
  std::optional<Error> failure_;
};

/// Lets a cache be asked with a view of a statement's text.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename Statement>
using StatementCache = std::unordered_map<std::string, Statement, TextHash, std::equal_to<>>;

/// How one run of a transaction ended, and whether another may go better.
struct Attempt {
  Status status;
  bool again = false;
};

/// Repeats an attempt while it asks for it, with growing, jittered pauses (at most about 8 s in
/// all); then returns the last status.
Status with_retries(const std::function<Attempt()>& attempt);

/// What a transaction ends with when `f` returned `returned` on `session`; nullopt: commit.
std::optional<Attempt> reason_to_roll_back(Status returned, const DriverSession& session);

/// Marks the calling thread as being inside a transaction of `database` while alive.
class TransactionMark {
 public:
  explicit TransactionMark(const Database* database);
  ~TransactionMark();
  TransactionMark(const TransactionMark&) = delete;
  TransactionMark& operator=(const TransactionMark&) = delete;
  /// bug, when this thread was already inside one: it would wait for itself.
  Status check() const;

 private:
  const Database* database_;
  const TransactionMark* outer_;
};

/// Refuses parameters that only one of the databases could store.
Status check_params(const Params& params);
/// The table an INSERT, UPDATE or DELETE writes to; empty for other statements.
std::string written_table(std::string_view statement);
/// Rewrites '?' to $1, $2 ... outside of strings, quoted names and comments.
struct NumberedStatement {
  std::string text;
  int parameters = 0;
};
NumberedStatement number_placeholders(std::string_view statement);

Error wrong_parameter_count(std::string_view statement, std::size_t wanted, std::size_t given);

/// Connections that threads borrow; made when first needed.
template <typename Connection>
class Pool {
 public:
  using Make = std::function<Result<std::unique_ptr<Connection>>()>;
  Pool(int limit, Make make) : limit_(limit), make_(std::move(make)) {}

  /// Gives its connection back when destroyed.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Errors: busy after 30 s without a free connection; those of making one.
  Result<Lease> take() {
    std::unique_lock lock(mutex_);
    const auto usable = [&] { return !idle_.empty() || made_ < limit_; };
    if (!freed_.wait_for(lock, std::chrono::seconds(30), usable)) {
      return make_error(ErrorKind::kBusy, "database", "no connection became free in 30 seconds",
                        "Try again later.");
    }
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++made_;
    lock.unlock();
    auto connection = make_();
    if (!connection.ok()) {
      forget();
      return std::move(connection).error();
    }
    return Lease(*this, std::move(connection).value());
  }

 private:
  void give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
    freed_.notify_one();
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    --made_;
    freed_.notify_one();
  }

  const int limit_;
  Make make_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int made_ = 0;
};

}  // namespace medperf::sql
