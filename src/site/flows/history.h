#pragma once
// What the journals say, for people.

#include <string>
#include <vector>

#include "site/site.h"

namespace medperf::site {

struct StepHistory {
  std::string step, end, at, detail;
};
struct FlowHistory {
  std::string name;  ///< "b1-m2-d3", "dataset-3" ...
  std::vector<StepHistory> steps;
};

/// Every journal of the workspace, or the one named. Reads only; a flow may be running.
Result<std::vector<FlowHistory>> flow_histories(const Site& site, const std::string& name);

}  // namespace medperf::site
