#pragma once
// `medperf doctor`: everything a run needs, examined one by one, each finding with reason and
// advice.

#include <string>
#include <string_view>
#include <vector>

#include "engine/choice.h"
#include "site/site.h"

namespace medperf::site {

enum class Health {
  kGood,
  kInfo,  ///< neither good nor bad, e.g. an engine that is not chosen
  kWarning,
  kBad
};

struct Examination {
  std::string name;  ///< "engine", "wall network", "disk" ...
  Health health = Health::kGood;
  std::string what;    ///< what was seen
  std::string advice;  ///< what to do, when not good
};

/// One line an engine: whether it can be used, and why not; which is chosen, and why. `wanted` is
/// the option engine.kind. Pure.
std::vector<Examination> examine_engines(const std::vector<engine::Candidate>& found,
                                         std::string_view wanted);

/// Proves the walls anew (about 2 s); never fails as a whole.
std::vector<Examination> examine(Site& site);

}  // namespace medperf::site
