#pragma once
// Names of conventions that are made of a benchmark's choices, such as a threshold.

#include <string>
#include <string_view>

namespace medperf::metrics {

/// The same text for the rest of the program's life: figures name their convention by a view. The
/// texts are few, one for each choice that was ever made. Any thread.
std::string_view kept_convention(const std::string& text);

}  // namespace medperf::metrics
