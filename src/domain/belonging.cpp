#include "domain/belonging.h"

#include <vector>

#include "domain/messages.h"

namespace medperf::domain {

Status check_within_group(std::optional<std::int64_t> closed_group,
                          std::span<const GroupedReference> references) {
  std::vector<FieldError> errors;
  for (const auto& [field, group] : references) {
    if (!group || group == closed_group) continue;
    errors.push_back({std::string(field),
                      "This object belongs to a closed group: what refers to it must have the same "
                      "closed_group."});
  }
  if (errors.empty()) return {};
  return field_errors(std::move(errors));
}

std::optional<std::int64_t> inherited_group(std::span<const GroupedReference> references) {
  for (const auto& reference : references) {
    if (reference.closed_group) return reference.closed_group;
  }
  return std::nullopt;
}

bool same_party(const Party& a, const Party& b) {
  if (a.organisation || b.organisation) return a.organisation == b.organisation;
  return a.owner == b.owner;
}

}  // namespace medperf::domain
