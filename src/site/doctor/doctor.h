#pragma once
// `medperf doctor`: everything a run needs, examined one by one, each finding with reason and
// advice.

#include <string>
#include <vector>

#include "site/site.h"

namespace medperf::site {

enum class Health { kGood, kWarning, kBad };

struct Examination {
  std::string name;  ///< "engine", "wall network", "disk" ...
  Health health = Health::kGood;
  std::string what;    ///< what was seen
  std::string advice;  ///< what to do, when not good
};

/// Proves the walls anew (about 2 s); never fails as a whole.
std::vector<Examination> examine(Site& site);

}  // namespace medperf::site
