#include "hub/upkeep.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "hub/store/delivery.h"
#include "hub/store/list_counts.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

constexpr std::int64_t kAtOnce = 4000;
constexpr auto kPause = std::chrono::milliseconds(250);
constexpr int kRoundsToForget = 4 * 3600;  // an hour

/// Asked first, so that an idle hub writes nothing.
Result<bool> is_there_work(sql::Database& database) {
  return database.read([](sql::Session& session) -> Result<bool> {
    MEDPERF_TRY(const bool unfolded, has_list_changes(session));
    if (unfolded) return true;
    return ledger::has_waiting(session);
  });
}

}  // namespace

Result<bool> keep_up(sql::Database& database) {
  MEDPERF_TRY(const bool needed, is_there_work(database));
  if (!needed) return false;
  std::int64_t done = 0;
  MEDPERF_CHECK(database.exclusive_transaction([&](sql::Session& session) -> Status {
    MEDPERF_TRY(const auto folded, fold_list_changes(session, kAtOnce));
    MEDPERF_TRY(const auto chained, ledger::chain_waiting(session, kAtOnce));
    done = std::max(folded, chained);
    return {};
  }));
  return done == kAtOnce;
}

Status forget_what_expired(sql::Database& database, Timestamp now) {
  return database.write_transaction(
      [now](sql::Session& session) { return forget_answers(session, answers_expired_at(now)); });
}

Upkeep::Upkeep(sql::Database& database, const Clock& clock)
    : database_(database), clock_(clock), thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

bool Upkeep::wait_for_next_round() {
  std::unique_lock lock(mutex_);
  return !woken_.wait_for(lock, kPause, [this] { return stopping_; });
}

void Upkeep::run() {
  const auto told = [](const Status& done) {
    if (!done.ok()) log::warning("hub.upkeep", {{"problem", done.error().text()}});
  };
  for (int round = 0; wait_for_next_round(); round = (round + 1) % kRoundsToForget) {
    auto more = keep_up(database_);
    while (more.ok() && *more) more = keep_up(database_);
    told(more.ok() ? Status() : Status(more.error()));
    if (round == 0) told(forget_what_expired(database_, clock_.now()));
  }
}

}  // namespace medperf::hub
