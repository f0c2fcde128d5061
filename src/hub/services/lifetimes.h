#pragma once
// How long what a user makes stays good.

#include <cstdint>

#include "base/clock.h"
#include "domain/record.h"

namespace medperf::hub {

Timestamp days_after(Timestamp time, std::int64_t days);
/// Fills `expires_at` with `days` from now unless it was sent. Error: invalid, when it lies in the
/// past or more than 366 days ahead.
Status settle_expiry(domain::Record& record, Timestamp now, std::int64_t days);

}  // namespace medperf::hub
