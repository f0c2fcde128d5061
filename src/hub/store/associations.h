#pragma once
// Associations: logs of rows whose newest says the status of a pair.

#include <optional>
#include <string_view>
#include <vector>

#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// One of the two kinds: datasets or models with benchmarks.
struct AssociationKind {
  domain::Entity entity;        ///< of its rows
  domain::Entity member;        ///< what is associated with the benchmark
  std::string_view member_key;  ///< "dataset" or "model"
  std::string_view mode_field;  ///< of the benchmark: automatic approval
  std::string_view list_field;
};
extern const AssociationKind kDatasetAssociations;
extern const AssociationKind kModelAssociations;

/// The newest row of a pair.
Result<std::optional<domain::Record>> current_association(sql::Session& session,
                                                          const AssociationKind& kind,
                                                          std::int64_t member,
                                                          std::int64_t benchmark);
/// Every row of a pair in default order.
Result<std::vector<domain::Record>> pair_rows(sql::Session& session, const AssociationKind& kind,
                                              std::int64_t member, std::int64_t benchmark);
/// Removes every row of a pair; none is fine.
Status remove_pair(sql::Session& session, const AssociationKind& kind, std::int64_t member,
                   std::int64_t benchmark);
/// "id IN (...)" over members whose current association with a benchmark (parameter) is APPROVED.
std::string approved_members_condition(const AssociationKind& kind);

}  // namespace medperf::hub
