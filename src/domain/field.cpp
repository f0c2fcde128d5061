#include "domain/field.h"

#include <array>
#include <stdexcept>
#include <string>

#include "domain/tables/common.h"

namespace medperf::domain {

const Field* EntityTable::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::size_t EntityTable::index(std::string_view name) const {
  const Field* field = find(name);
  if (field == nullptr) {
    throw std::logic_error("entity '" + std::string(label) + "' has no field '" +
                           std::string(name) + "'");
  }
  return static_cast<std::size_t>(field - fields.data());
}

const EntityTable& table_of(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return kUserTable;
    case Entity::kContainer:
      return kContainerTable;
    case Entity::kAsset:
      return kAssetTable;
    case Entity::kModel:
      return kModelTable;
    case Entity::kBenchmark:
      return kBenchmarkTable;
    case Entity::kDataset:
      return kDatasetTable;
    case Entity::kResult:
      return kResultTable;
    case Entity::kDatasetAssociation:
      return kDatasetAssociationTable;
    case Entity::kModelAssociation:
      return kModelAssociationTable;
    case Entity::kSiteKey:
      return kSiteKeyTable;
    case Entity::kCa:
      return kCaTable;
    case Entity::kCertificate:
      return kCertificateTable;
    case Entity::kEncryptedKey:
      return kEncryptedKeyTable;
    case Entity::kAggregator:
      return kAggregatorTable;
    case Entity::kTraining:
      return kTrainingTable;
    case Entity::kTrainingAssociation:
      return kTrainingAssociationTable;
    case Entity::kTrainingEvent:
      return kTrainingEventTable;
    case Entity::kOrganisation:
      return kOrganisationTable;
    case Entity::kMembership:
      return kMembershipTable;
    case Entity::kClosedGroup:
      return kClosedGroupTable;
    case Entity::kClosedGroupMember:
      return kClosedGroupMemberTable;
    case Entity::kAccessToken:
      return kAccessTokenTable;
    case Entity::kInvitation:
      return kInvitationTable;
  }
  throw std::logic_error("unknown entity");
}

std::span<const Entity> all_entities() {
  static constexpr std::array kAll = {
      Entity::kUser,
      Entity::kContainer,
      Entity::kAsset,
      Entity::kModel,
      Entity::kBenchmark,
      Entity::kDataset,
      Entity::kResult,
      Entity::kDatasetAssociation,
      Entity::kModelAssociation,
      Entity::kSiteKey,
      Entity::kCa,
      Entity::kCertificate,
      Entity::kEncryptedKey,
      Entity::kAggregator,
      Entity::kTraining,
      Entity::kTrainingAssociation,
      Entity::kTrainingEvent,
      Entity::kOrganisation,
      Entity::kMembership,
      Entity::kClosedGroup,
      Entity::kClosedGroupMember,
      Entity::kAccessToken,
      Entity::kInvitation,
  };
  return kAll;
}

}  // namespace medperf::domain
