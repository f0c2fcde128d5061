#pragma once
// Running the hub.

#include "base/clock.h"
#include "base/options.h"

namespace medperf::hub {

/// Serves until stop_requested(), then lets running requests end. `folder` is that of the
/// configuration file. Prints "listening on URL" to standard output once ready.
Status serve(const Options& options, const fs::path& folder, const Clock& clock);

}  // namespace medperf::hub
