#pragma once
// What a configuration, or a person at a site, may ask of a run beside its walls and
// limits (container contract, section 4.3).

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace medperf::wire {

/// A size as container engines take it ("2g", "1.5GiB", "64m", bytes), written in the plain form
/// that all of them take: a whole number and at most one letter.
Result<std::string> checked_size(std::string_view text, std::string_view where);
/// The bytes of such a size.
Result<Bytes> size_in_bytes(std::string_view text, std::string_view where);
/// A request for GPUs: "" and "0" (none), "all", a count, "device=0,1".
Result<std::string> checked_gpus(std::string_view text, std::string_view where);

}  // namespace medperf::wire
