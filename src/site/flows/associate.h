#pragma once
// Asking to join a benchmark, and deciding about those who ask.

#include <optional>
#include <string>

#include "site/flows/dataset.h"

namespace medperf::site {

/// Tests a model on the demo data and asks to join.
Result<Registration> associate_model(Site& site, ModelId model, BenchmarkId benchmark);

struct AssociationDecision {
  BenchmarkId benchmark;
  std::string kind;  ///< "dataset" or "model"
  std::int64_t object = 0;
  bool approve = true;
};
/// Decides about the pending request of a pair after asking the person. `already`: it has that
/// status. Errors: refused when declined.
Result<Registration> decide_association(Site& site, const AssociationDecision& decision);

}  // namespace medperf::site
