#pragma once
// What a hostile model might try. Harmless by construction: no address but this machine's loopback
// is named, nothing found is read or sent, a process storm is bounded, everything written is empty.

#include <string>
#include <vector>

namespace cxr {

struct Attempt {
  std::string name;     ///< "network-interface"
  bool succeeded;       ///< a wall was missing
  std::string outcome;  ///< what stopped it, or what was reached
};

/// Tries everything in turn and says how each ended.
std::vector<Attempt> attack_everything(const std::string& data_path);

}  // namespace cxr
