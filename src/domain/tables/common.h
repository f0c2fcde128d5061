#pragma once
// Rows that most tables share, and short names for the ways a field may be written.

#include <algorithm>
#include <array>
#include <string_view>

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
/// A row as another one, but for when it is written or what is said of it.
constexpr Field written(Field field, unsigned writable) {
  field.writable = writable;
  return field;
}
constexpr Field saying(Field field, std::string_view sentence) {
  field.sentence = sentence;
  return field;
}
/// Of what follows its subjects: never from a request.
constexpr Field read_only(Field field) {
  return written(field, kReadOnly);
}

// What is registered once and never edited.
inline constexpr Field kFixedNameField = written(kNameField, kOnCreate);
inline constexpr Field kFixedIsValidField =
    saying(written(kIsValidField, kOnCreate), "False if it is not to be used.");
inline constexpr Field kFixedMetadataField = written(kMetadataField, kOnCreate);
inline constexpr Field kWithdrawableField = saying(
    written(kIsValidField, kCU), "False once the owner has withdrawn it; there is no way back.");

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

// Rows by their type. What is required has a value; what is optional may be empty, or null.

constexpr Field text(std::string_view name, int length, unsigned writable,
                     std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kText,
          .max_length = length,
          .required = true,
          .writable = writable,
          .sentence = sentence};
}
constexpr Field optional_text(std::string_view name, int length, unsigned writable,
                              std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kText,
          .max_length = length,
          .blank = true,
          .default_json = "\"\"",
          .writable = writable,
          .sentence = sentence};
}
constexpr Field reference(std::string_view name, Entity target, unsigned writable,
                          std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .required = true,
          .writable = writable,
          .target = target,
          .sentence = sentence};
}
constexpr Field optional_reference(std::string_view name, Entity target, unsigned writable,
                                   std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kReference,
          .nullable = true,
          .writable = writable,
          .target = target,
          .sentence = sentence};
}
constexpr Field document(std::string_view name, unsigned writable, std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kJson,
          .required = true,
          .writable = writable,
          .sentence = sentence};
}
constexpr Field approval_status(unsigned writable, std::string_view sentence) {
  return {.name = kApprovalStatus,
          .type = FieldType::kChoice,
          .default_json = "\"PENDING\"",
          .writable = writable,
          .choices = kApprovalStatuses,
          .sentence = sentence};
}
constexpr Field flag(std::string_view name, std::string_view default_json, unsigned writable,
                     std::string_view sentence) {
  return {.name = name,
          .type = FieldType::kBoolean,
          .default_json = default_json,
          .writable = writable,
          .sentence = sentence};
}

// Of what the platform approves: benchmarks and training experiments, with the demo data that
// newcomers try.
inline constexpr Field kDescriptionField =
    optional_text("description", 256, kCU, "What it is, for people.");
inline constexpr Field kDocsUrlField =
    optional_text("docs_url", 100, kCU, "Where more about it is written.");
inline constexpr Field kDemoUrlField =
    text("demo_dataset_tarball_url", 256, kCUO, "Where the demo data is.");
inline constexpr Field kDemoHashField =
    text("demo_dataset_tarball_hash", 100, kCU, "SHA-256 of the demo data's archive.");
inline constexpr Field kDemoUidField =
    text("demo_dataset_generated_uid", 128, kCU, "Folder hash of the prepared demo data.");
inline constexpr Field kPreparationReference =
    reference("data_preparation_mlcube", Entity::kContainer, kCU, "Prepares raw data.");
inline constexpr Field kPlatformsDecision =
    approval_status(kOnUpdate | kInOperation, "The platform's decision; written by an admin.");
/// Of an association.
inline constexpr Field kInitiatedByField = {.name = "initiated_by",
                                            .type = FieldType::kReference,
                                            .target = Entity::kUser,
                                            .sentence = "The user who made this row."};

/// The last rows of containers, assets and models.
inline constexpr std::array kRegisteredRows = {
    kStateField,        kIsValidField,          kMetadataField,
    kUserMetadataField, kOwnerReference,        kCreatedAtField,
    kModifiedAtField,   kOrganisationReference, kClosedGroupReference};

template <std::size_t kOwn, std::size_t kMore>
constexpr std::array<Field, kOwn + kMore> joined(const std::array<Field, kOwn>& own,
                                                 const std::array<Field, kMore>& more) {
  std::array<Field, kOwn + kMore> rows{};
  std::copy(own.begin(), own.end(), rows.begin());
  std::copy(more.begin(), more.end(), rows.begin() + kOwn);
  return rows;
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
