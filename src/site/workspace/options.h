#pragma once
// The client's options: config.yaml of a workspace.

#include <span>

#include "base/options.h"

namespace medperf::site {

std::span<const Option> client_options();

}  // namespace medperf::site
