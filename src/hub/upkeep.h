#pragma once
// What a running hub does beside answering: chains the log's waiting entries and folds the counts
// of large lists.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

/// One round of it: true when there may be more to do. Several hubs on one database take turns.
Result<bool> keep_up(sql::Database& database);
/// Removes what is past its time.
Status forget_what_expired(sql::Database& database, Timestamp now);

/// A thread that keeps up until this object ends; what waits then is for the next hub. Problems are
/// logged and the work is tried again: nothing depends on its being done soon.
class Upkeep {
 public:
  Upkeep(sql::Database& database, const Clock& clock);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void run();
  bool wait_for_next_round();

  sql::Database& database_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace medperf::hub
