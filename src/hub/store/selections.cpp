#include "hub/store/selections.h"

#include <utility>

#include "domain/names.h"
#include "hub/store/visibility.h"

namespace medperf::hub {

std::string equals(std::string_view field) {
  return std::string(field) + " = ?";
}

Selection rows_with(std::string_view field, sql::Value value) {
  Selection selection;
  selection.add(equals(field), std::move(value));
  return selection;
}

Selection rows_with_ids(const std::vector<std::int64_t>& ids) {
  Selection selection;
  selection.where = "id IN (";
  for (const auto id : ids) {
    selection.where += selection.params.empty() ? "?" : ", ?";
    selection.params.emplace_back(id);
  }
  selection.where += ")";
  return selection;
}

Selection rows_acted_for(domain::Entity entity, std::int64_t user) {
  Selection selection;
  selection.where = bound(acts_for(entity), user, selection.params);
  return selection;
}

Selection rows_of_either_side(const AssociationKind& kind, std::int64_t user) {
  Selection selection;
  selection.where = bound(either_side_condition(kind), user, selection.params);
  return selection;
}

Selection approved_members(const AssociationKind& kind, std::int64_t host) {
  Selection selection;
  selection.add(approved_members_condition(kind), host);
  selection.order = domain::kId;
  return selection;
}

Selection valid_of_approved_owners(const AssociationKind& kind, std::int64_t host) {
  Selection selection;
  selection.add(approved_owners_condition(kind), host);
  selection.add(equals(domain::kIsValid), std::int64_t{1});
  return selection;
}

std::string order_by(const std::vector<OrderTerm>& terms) {
  std::string order;
  for (const OrderTerm& term : terms) {
    order += std::string(term.field) + (term.descending ? " DESC, " : ", ");
  }
  return order.empty() ? order : order + "id";
}

}  // namespace medperf::hub
