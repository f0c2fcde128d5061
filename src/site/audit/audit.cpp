#include "site/audit/audit.h"

#include <chrono>
#include <thread>
#include <utility>

#include "ledger/ledger.h"

namespace medperf::site {

Status Audit::record(std::string_view kind, Json body) {
  constexpr int kTries = 200;
  constexpr std::chrono::milliseconds kStep{50};
  for (int left = kTries;; --left) {
    auto log = ledger::FileLedger::open(file_, *clock_);
    if (log.ok()) {
      return (*log)->append(ledger::Entry{std::string(kind), actor_, std::move(body)});
    }
    if (log.error().kind != ErrorKind::kBusy || left == 0) return std::move(log).error();
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace medperf::site
