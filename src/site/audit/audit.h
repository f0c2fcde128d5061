#pragma once
// The site's own record: every request, report, decision, run, refusal and upload is a line of the
// hash-chained log.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"

namespace medperf::site {

class Audit {
 public:
  Audit(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(&clock) {}
  void set_actor(std::string actor) { actor_ = std::move(actor); }
  /// Appends one line, synced. Two commands of one site take turns.
  Status record(std::string_view kind, Json body);

 private:
  fs::path file_;
  const Clock* clock_;
  std::string actor_;
};

}  // namespace medperf::site
