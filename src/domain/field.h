#pragma once
// Field tables: each entity is described once, here; JSON, validation, the freeze rule,
// OpenAPI and SQL columns follow from the table.

#include <cstdint>
#include <span>
#include <string_view>

namespace medperf::domain {

enum class Entity {
  kUser,
  kContainer,
  kAsset,
  kModel,
  kBenchmark,
  kDataset,
  kResult,
  kDatasetAssociation,
  kModelAssociation,
  kSiteKey,
  kCa,
  kCertificate,
  kEncryptedKey,
  kAggregator,
  kTraining,
  kTrainingAssociation,
  kTrainingEvent,
  kOrganisation,
  kMembership,
  kClosedGroup,
  kClosedGroupMember,
  kAccessToken,
  kInvitation,
};

enum class FieldType {
  kText,  ///< trimmed, at most max_length characters
  kBoolean,
  kInteger,     ///< int32
  kIdentifier,  ///< this entity's own id
  kReference,   ///< id of `target`
  kJson,        ///< any JSON value, kept as the bytes that were checked
  kTime,
  kChoice,  ///< one of `choices`
};

/// Who reads a field.
enum class Visibility {
  kEveryone,  ///< whoever may read the object
  kPrivate,   ///< only in the full form (benchmark allow lists, dataset report)
  kWhenSet,   ///< left out while null: additions that objects of v0 clients do not have
};

/// When a request may write a field. Read-only keys in a body are ignored (v0 section 1).
enum Writable : unsigned {
  kReadOnly = 0,
  kOnCreate = 1,     ///< C
  kOnUpdate = 2,     ///< U: while DEVELOPMENT
  kInOperation = 4,  ///< O: also while OPERATION
};

/// Longest text of a JSON field that says nothing else: the hub keeps descriptions, no data.
inline constexpr int kJsonBytes = 1 << 20;

struct Field {
  std::string_view name;
  FieldType type;
  int max_length = 0;     ///< characters of a text; bytes of a JSON document, 0: kJsonBytes
  bool required = false;  ///< the key must be present on create
  bool blank = false;     ///< "" allowed
  bool nullable = false;
  std::string_view default_json = {};  ///< JSON text used when absent; empty: null
  unsigned writable = kReadOnly;
  Visibility visibility = Visibility::kEveryone;
  Entity target = Entity::kUser;  ///< of a reference
  std::span<const std::string_view> choices = {};
  bool unique = false;
  std::string_view sentence = {};  ///< for OpenAPI and forms
  bool null_is_unsent = false;     ///< a null in a body counts as "not sent" (user metadata)
  bool text_list = false;          ///< of a JSON field: a list of texts, nothing else
};

struct EntityTable {
  Entity entity;
  std::string_view label;   ///< "ml cube": used in v0 messages
  std::string_view plural;  ///< path segment and, but for site keys, SQL table: "mlcubes"
  std::span<const Field> fields;
  bool has_state = false;  ///< DEVELOPMENT -> OPERATION freeze applies

  const Field* find(std::string_view name) const;
  std::size_t index(std::string_view name) const;  ///< precondition: exists
};

const EntityTable& table_of(Entity entity);
std::span<const Entity> all_entities();

}  // namespace medperf::domain
