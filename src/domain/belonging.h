#pragma once
// To whom an object belongs beside its owner: an organisation, and the closed group outside of
// which it does not exist. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/field.h"

namespace medperf::domain {

/// A field that refers to another object, and that object's closed group.
struct GroupedReference {
  std::string_view field;
  std::optional<std::int64_t> closed_group;
};

/// What refers to an object of a closed group must belong to the same one: anything else would tell
/// of it outside. An object may refer to what everybody sees. Error: invalid, a message for each
/// field.
Status check_within_group(std::optional<std::int64_t> closed_group,
                          std::span<const GroupedReference> references);

/// The field that says where an object of this entity belongs which names no group itself: it is in
/// the group of what that field refers to, as existing clients cannot name one. Empty: in none.
std::string_view group_giver(Entity entity);

/// One side of an association.
struct Party {
  std::int64_t owner = 0;
  std::optional<std::int64_t> organisation;
};

/// Whether two objects are one party's: of one organisation, or of one person and of none.
bool same_party(const Party& a, const Party& b);

}  // namespace medperf::domain
