#pragma once
// Associations: logs of rows whose newest says the status of a pair.

#include <optional>
#include <string_view>
#include <vector>

#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// One of the kinds: datasets or models with benchmarks, datasets with training experiments.
struct AssociationKind {
  domain::Entity entity;        ///< of its rows
  domain::Entity member;        ///< what joins
  std::string_view member_key;  ///< "dataset" or "model"
  domain::Entity host;          ///< what it joins
  std::string_view host_key;    ///< "benchmark" or "training_exp"
  std::string_view mode_field;  ///< of a benchmark: automatic approval; else empty
  std::string_view list_field;
};
extern const AssociationKind kDatasetAssociations;
extern const AssociationKind kModelAssociations;
extern const AssociationKind kTrainingAssociations;

/// The newest row of a pair.
Result<std::optional<domain::Record>> current_association(sql::Session& session, const Sight& sight,
                                                          const AssociationKind& kind,
                                                          std::int64_t member, std::int64_t host);
/// Every row of a pair in default order.
Result<std::vector<domain::Record>> pair_rows(sql::Session& session, const Sight& sight,
                                              const AssociationKind& kind, std::int64_t member,
                                              std::int64_t host);
/// Removes every row of a pair; none is fine.
Status remove_pair(sql::Session& session, const AssociationKind& kind, std::int64_t member,
                   std::int64_t host);
/// Requests that a user made for a dataset, model or benchmark of theirs.
struct Initiated {
  domain::Entity entity;
  std::int64_t id = 0;
  std::int64_t user = 0;
};
/// From now on they count as made for the organisation: none of its members decides on them. A kind
/// that has nothing to do with the entity is left alone.
Status give_requests(sql::Session& session, const AssociationKind& kind, const Initiated& requests,
                     std::int64_t organisation);
/// Rows for whose member or host a user acts, with "$me" for the user (hub/store/visibility.h).
std::string either_side_condition(const AssociationKind& kind);
/// "id IN (...)" over members whose current association with a host (parameter) is APPROVED.
std::string approved_members_condition(const AssociationKind& kind);
/// "owner IN (...)" over the owners of those members.
std::string approved_owners_condition(const AssociationKind& kind);

}  // namespace medperf::hub
