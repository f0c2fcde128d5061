#include "sql/driver.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

namespace medperf::sql {

std::int64_t Row::integer(std::size_t i) const {
  return std::get<std::int64_t>(values_.at(i));
}

double Row::number(std::size_t i) const {
  const Value& value = values_.at(i);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

const std::string& Row::text(std::size_t i) const {
  return std::get<std::string>(values_.at(i));
}

std::string Row::text_or(std::size_t i, std::string_view other) const {
  return is_null(i) ? std::string(other) : text(i);
}

Result<Rows> DriverSession::query(std::string_view statement, const Params& params) {
  if (failure_) return *failure_;
  Status usable = check_params(params);
  Result<Rows> rows =
      usable.ok() ? do_query(statement, params) : Result<Rows>(std::move(usable).error());
  if (!rows.ok()) failure_ = rows.error();
  return rows;
}

Status DriverSession::stream(std::string_view statement, const Params& params,
                             const RowReader& read) {
  if (failure_) return *failure_;
  Status done = check_params(params);
  if (done.ok()) done = do_stream(statement, params, read);
  if (!done.ok()) failure_ = done.error();
  return done;
}

void DriverSession::prefetch(std::string_view statement, const Params& params) {
  // What is wrong with it is said when it is asked.
  if (!failure_ && check_params(params).ok()) do_prefetch(statement, params);
}

Result<std::int64_t> DriverSession::execute(std::string_view statement, const Params& params) {
  if (failure_) return *failure_;
  Status usable = check_params(params);
  Result<std::int64_t> changed =
      usable.ok() ? do_execute(statement, params) : Result<std::int64_t>(std::move(usable).error());
  if (!changed.ok()) failure_ = changed.error();
  return changed;
}

Status DriverSession::execute_later(std::string_view statement, const Params& params) {
  if (failure_) return *failure_;
  Status sent = check_params(params);
  if (sent.ok()) sent = do_execute_later(statement, params);
  if (!sent.ok()) failure_ = sent.error();
  return sent;
}

Status DriverSession::do_execute_later(std::string_view statement, const Params& params) {
  MEDPERF_CHECK(do_execute(statement, params));
  return {};
}

Status DriverSession::run_script(std::string_view script) {
  if (failure_) return *failure_;
  Status status = do_run_script(script);
  if (!status.ok()) failure_ = status.error();
  return status;
}

namespace {

/// Spreads the pauses of threads and processes that collided. Not a secret, so a counter and an
/// address (which differs between processes) are enough.
std::uint32_t jitter(std::uint32_t limit) {
  static std::atomic<std::uint64_t> counter{0};
  std::uint64_t x = counter.fetch_add(0x9e3779b97f4a7c15U) + reinterpret_cast<std::uintptr_t>(&x);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;  // splitmix64
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return static_cast<std::uint32_t>((x ^ (x >> 31)) % limit);
}

thread_local const TransactionMark* innermost = nullptr;

struct Counts {
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> busy{0};
};
Counts counts;

void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Statistics statistics() {
  return {counts.transactions.load(), counts.retries.load(), counts.busy.load()};
}

Status with_retries(const std::function<Attempt()>& attempt) {
  constexpr int kAttempts = 64;
  constexpr std::uint32_t kLongestPause = 250'000;  // microseconds
  std::uint32_t pause = 1000;
  count(counts.transactions);
  for (int i = 1;; ++i) {
    Attempt outcome = attempt();
    if (!outcome.again || i == kAttempts) {
      if (outcome.again) count(counts.busy);
      return std::move(outcome.status);
    }
    count(counts.retries);
    std::this_thread::sleep_for(std::chrono::microseconds(1 + jitter(pause)));
    pause = std::min(pause * 2, kLongestPause);
  }
}

std::optional<Attempt> reason_to_roll_back(Status returned, const DriverSession& session) {
  const std::optional<Error>& failure = session.failure();
  if (failure && failure->kind == ErrorKind::kBusy) return Attempt{*failure, true};
  if (!returned.ok()) return Attempt{std::move(returned), false};
  if (failure) return Attempt{*failure, false};
  return std::nullopt;
}

TransactionMark::TransactionMark(const Database* database)
    : database_(database), outer_(innermost) {
  innermost = this;
}

TransactionMark::~TransactionMark() {
  innermost = outer_;
}

Status TransactionMark::check() const {
  for (const TransactionMark* mark = outer_; mark != nullptr; mark = mark->outer_) {
    if (mark->database_ == database_) {
      return make_error(ErrorKind::kBug, "database",
                        "a transaction was opened inside another one of the same database");
    }
  }
  return {};
}

Status check_params(const Params& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto where = [i] { return "parameter " + std::to_string(i + 1); };
    if (const auto* text = std::get_if<std::string>(&params[i])) {
      if (text->find('\0') != std::string::npos) {
        return make_error(ErrorKind::kInvalid, where(), "text holds a NUL character", "Remove it.");
      }
    } else if (const auto* number = std::get_if<double>(&params[i])) {
      if (!std::isfinite(*number)) {
        return make_error(ErrorKind::kInvalid, where(), "the number is not finite",
                          "Store it as text or leave it out.");
      }
    }
  }
  return {};
}

Error wrong_parameter_count(std::string_view statement, std::size_t wanted, std::size_t given) {
  return make_error(
      ErrorKind::kBug, "database",
      "a statement takes " + std::to_string(wanted) + " parameters, not " + std::to_string(given),
      {}, std::string(statement));
}

}  // namespace medperf::sql
