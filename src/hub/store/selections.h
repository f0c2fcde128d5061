#pragma once
// Which rows and in which order, for those who write no SQL: each says what it means by a name.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/field.h"
#include "hub/store/associations.h"
#include "hub/store/repository.h"

namespace medperf::hub {

/// The condition of Selection::add that a field has the value. `field` is of a field table.
std::string equals(std::string_view field);
/// The rows whose field has the value.
Selection rows_with(std::string_view field, sql::Value value);
/// The rows with one of these ids; at least one.
Selection rows_with_ids(const std::vector<std::int64_t>& ids);

/// The rows of an entity for which a user acts.
Selection rows_acted_for(domain::Entity entity, std::int64_t user);
/// The association rows of which a user acts for either side.
Selection rows_of_either_side(const AssociationKind& kind, std::int64_t user);
/// The members whose current association with a host is APPROVED, by id.
Selection approved_members(const AssociationKind& kind, std::int64_t host);
/// The valid rows that belong to the owners of those members.
Selection valid_of_approved_owners(const AssociationKind& kind, std::int64_t host);

struct OrderTerm {
  std::string_view field;
  bool descending = false;
};
/// The text of Selection::order, with the id as the last term; empty without terms.
std::string order_by(const std::vector<OrderTerm>& terms);

}  // namespace medperf::hub
