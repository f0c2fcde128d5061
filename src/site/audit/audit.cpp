#include "site/audit/audit.h"

#include <utility>

#include "ledger/ledger.h"

namespace medperf::site {

Status Audit::record(std::string_view kind, Json body) {
  // Opened for each line: another command of this site may write between two of ours.
  MEDPERF_TRY(auto log, ledger::FileLedger::open(file_, *clock_));
  return log->append(ledger::Entry{std::string(kind), actor_, std::move(body)});
}

}  // namespace medperf::site
