#pragma once
// `site serve`: polls the hub, dialling out only, and does what the policy allows unasked; stops at
// every point where a person is needed. Drives the flows that the commands drive, so it may be
// stopped or killed at any instant.

#include <functional>
#include <memory>

#include "site/serve/waiting.h"
#include "site/site.h"

namespace medperf::site {

struct ServeSetup {
  /// A new view of the site for each round: configuration, policy and hub are read again.
  std::function<Result<std::unique_ptr<Site>>(Person&)> open;
  /// Waits, but not beyond a request to stop.
  std::function<void(Seconds)> pause;
  Seconds poll{60};
  bool once = false;
};

/// The pause after so many rounds that failed in a row: doubled each time, at most 15 minutes.
Seconds pause_after(int failures, Seconds poll);

/// Returns when a stop is asked for, or after one round. Errors: busy (another one serves this
/// workspace); with `once`, that of the round.
Status serve(const Workspace& workspace, AbsentPerson& person, const ServeSetup& setup);

/// Gives one line to `command`, split as by a shell, on its standard input. An empty command tells
/// nobody. Errors: invalid, unavailable.
Status notify_by_command(const std::string& command,
                         const std::map<std::string, std::string>& environment,
                         std::string_view line);

}  // namespace medperf::site
