#pragma once
// Rows that most tables share, and short names for the ways a field may be written.

#include "domain/field.h"
#include "domain/names.h"

namespace medperf::domain {

inline constexpr unsigned kCU = kOnCreate | kOnUpdate;
inline constexpr unsigned kCUO = kOnCreate | kOnUpdate | kInOperation;

inline constexpr Field kIdField = {
    .name = kId, .type = FieldType::kIdentifier, .sentence = "Given by the hub."};
inline constexpr Field kNameField = {.name = kName,
                                     .type = FieldType::kText,
                                     .max_length = 128,
                                     .required = true,
                                     .writable = kCU,
                                     .unique = true,
                                     .sentence = "A name that no other object of its kind has."};
inline constexpr Field kOwnerReference = {.name = kOwnerField,
                                          .type = FieldType::kReference,
                                          .target = Entity::kUser,
                                          .sentence = "The user who created it."};
inline constexpr Field kStateField = {
    .name = kState,
    .type = FieldType::kChoice,
    .default_json = "\"DEVELOPMENT\"",
    .writable = kCU,
    .choices = kStates,
    .sentence = "OPERATION freezes what was registered; there is no way back."};
inline constexpr Field kIsValidField = {.name = kIsValid,
                                        .type = FieldType::kBoolean,
                                        .default_json = "true",
                                        .writable = kCUO,
                                        .sentence = "False once the owner has withdrawn it."};
inline constexpr Field kMetadataField = {.name = kMetadata,
                                         .type = FieldType::kJson,
                                         .nullable = true,
                                         .default_json = "{}",
                                         .writable = kCU,
                                         .sentence = "Facts recorded when it was registered."};
inline constexpr Field kUserMetadataField = {.name = kUserMetadata,
                                             .type = FieldType::kJson,
                                             .nullable = true,
                                             .default_json = "{}",
                                             .writable = kCUO,
                                             .sentence = "The owner's own notes."};
// The same for what is registered once and never edited.
inline constexpr Field kFixedNameField = {
    .name = kName,
    .type = FieldType::kText,
    .max_length = 128,
    .required = true,
    .writable = kOnCreate,
    .unique = true,
    .sentence = "A name that no other object of its kind has."};
inline constexpr Field kFixedIsValidField = {.name = kIsValid,
                                             .type = FieldType::kBoolean,
                                             .default_json = "true",
                                             .writable = kOnCreate,
                                             .sentence = "False if it is not to be used."};
inline constexpr Field kFixedMetadataField = {.name = kMetadata,
                                              .type = FieldType::kJson,
                                              .nullable = true,
                                              .default_json = "{}",
                                              .writable = kOnCreate,
                                              .sentence = "Facts recorded when it was registered."};
inline constexpr Field kWithdrawableField = {
    .name = kIsValid,
    .type = FieldType::kBoolean,
    .default_json = "true",
    .writable = kCU,
    .sentence = "False once the owner has withdrawn it; there is no way back."};
inline constexpr Field kCreatedAtField = {
    .name = kCreatedAt, .type = FieldType::kTime, .sentence = "Time of creation, UTC."};
inline constexpr Field kModifiedAtField = {
    .name = kModifiedAt, .type = FieldType::kTime, .sentence = "Time of the last change, UTC."};
inline constexpr Field kApprovedAtField = {.name = kApprovedAt,
                                           .type = FieldType::kTime,
                                           .nullable = true,
                                           .sentence = "Time of the decision, UTC."};

inline constexpr Field kOrganisationReference = {
    .name = kOrganisationField,
    .type = FieldType::kReference,
    .nullable = true,
    .writable = kOnCreate,
    .visibility = Visibility::kWhenSet,
    .target = Entity::kOrganisation,
    .sentence = "The organisation whose members act for it; absent: only the owner does."};
inline constexpr Field kClosedGroupReference = {
    .name = kClosedGroupField,
    .type = FieldType::kReference,
    .nullable = true,
    .writable = kOnCreate,
    .visibility = Visibility::kWhenSet,
    .target = Entity::kClosedGroup,
    .sentence = "The closed group outside of which it does not exist; absent: everybody sees it."};
/// Of what follows its subjects: never from a request.
constexpr Field read_only(Field field) {
  field.writable = kReadOnly;
  return field;
}

extern const EntityTable kUserTable;
extern const EntityTable kSiteKeyTable;
extern const EntityTable kAccessTokenTable;
extern const EntityTable kInvitationTable;
extern const EntityTable kContainerTable;
extern const EntityTable kAssetTable;
extern const EntityTable kModelTable;
extern const EntityTable kBenchmarkTable;
extern const EntityTable kDatasetTable;
extern const EntityTable kResultTable;
extern const EntityTable kDatasetAssociationTable;
extern const EntityTable kModelAssociationTable;
extern const EntityTable kCaTable;
extern const EntityTable kCertificateTable;
extern const EntityTable kEncryptedKeyTable;
extern const EntityTable kAggregatorTable;
extern const EntityTable kTrainingTable;
extern const EntityTable kTrainingAssociationTable;
extern const EntityTable kTrainingEventTable;
extern const EntityTable kOrganisationTable;
extern const EntityTable kMembershipTable;
extern const EntityTable kClosedGroupTable;
extern const EntityTable kClosedGroupMemberTable;

}  // namespace medperf::domain
