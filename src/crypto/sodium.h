#pragma once
// libsodium must be told to start; this room alone calls it, on first use, so that programs that
// need no keys start without it.

namespace medperf::crypto {

/// Thread-safe; ends the process when the system gives no random numbers.
void start_sodium();

}  // namespace medperf::crypto
