#pragma once
// Which command gives which figure: what `medperf-metrics list` and `describe` say.

#include <string_view>
#include <vector>

namespace medperf::metrics_app {

/// The commands that give a metric, in the order of the help; none for an unknown id. That it is
/// true, and that every id has one, is what tests/e2e/test_metrics_vocabulary.py is about.
std::vector<std::string_view> commands_of(std::string_view id);

}  // namespace medperf::metrics_app
