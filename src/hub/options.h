#pragma once
// The hub's configuration: one table for file, environment, sample and manual.

#include <span>

#include "base/options.h"

namespace medperf::hub {

std::span<const Option> option_table();

}  // namespace medperf::hub
