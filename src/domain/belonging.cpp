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

std::string_view group_giver(Entity entity) {
  switch (entity) {
    case Entity::kDataset:
      return "data_preparation_mlcube";
    case Entity::kResult:
    case Entity::kDatasetAssociation:
    case Entity::kModelAssociation:
      return "benchmark";
    case Entity::kTrainingAssociation:
    case Entity::kTrainingEvent:
      return "training_exp";
    case Entity::kEncryptedKey:
      return "container";
    case Entity::kCertificate:
      return "ca";
    default:
      return {};
  }
}

bool same_party(const Party& a, const Party& b) {
  if (a.organisation || b.organisation) return a.organisation == b.organisation;
  return a.owner == b.owner;
}

}  // namespace medperf::domain
