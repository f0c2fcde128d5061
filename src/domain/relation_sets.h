#pragma once
// Sets of relations that rules ask for by name. Whom an endpoint lets in stands in its row.

#include "domain/permission.h"

namespace medperf::domain {

/// Who acts for what joins a benchmark or a training experiment.
inline constexpr Relations kJoiningSide = {Relation::kDatasetOwner, Relation::kModelOwner};
/// Who acts for what it joins.
inline constexpr Relations kHostSide = {Relation::kBenchmarkOwner, Relation::kTrainingOwner};
/// Whose word about a result holds when its committee has decided already.
inline constexpr Relations kAboveCommittee = {Relation::kBenchmarkOwner, Relation::kAdmin};
/// Who invites and removes others, in an organisation or a closed group.
inline constexpr Relations kManagers = {Relation::kOwner, Relation::kAdmin};

}  // namespace medperf::domain
