#pragma once
// Entities <-> JSON, driven by the field tables (domain/field.h). v0 messages and
// coercions.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cell.h"
#include "base/json.h"
#include "base/json_writing.h"
#include "domain/record.h"

namespace medperf::wire {

/// A check of a field that needs stored rows: uniqueness, or whether the row of a reference exists.
/// Called once for each well-formed value that was sent; the answer is the message for the field.
using FieldCheck = std::function<std::optional<std::string>(domain::Entity, const domain::Field&,
                                                            const domain::FieldValue&)>;

/// Values of a create body: defaults applied, read-only and unknown keys ignored, all field errors
/// reported together (Error kind invalid with `fields`). References are only checked for type here;
/// `check` adds what only the store knows. Models are read by read_model_create.
Result<domain::Record> read_create(domain::Entity entity, const Json& body,
                                   const FieldCheck& check = {});

struct Update {
  domain::Record record;          ///< stored values with the body's applied
  std::vector<std::string> sent;  ///< writable keys present in the body
  bool has(std::string_view key) const;
};
/// Partial update: keys not sent keep their value.
Result<Update> read_update(const domain::Record& stored, const Json& body,
                           const FieldCheck& check = {});

/// A model as it crosses the wire on create and in answers: with the object it wraps.
struct NestedModel {
  domain::Record model{domain::Entity::kModel};
  std::optional<domain::Record> container;
  std::optional<domain::Record> asset;
};
/// A create body of a model with its nested container or asset. Errors of the nested object have a
/// path ("container.name"); the rules between the two are checked when every field is right.
Result<NestedModel> read_model_create(const Json& body, const FieldCheck& check = {});

enum class Form { kFull, kPublic };
/// The JSON object as text, fields in table order; JSON fields are written as their stored bytes.
std::string write_text(const domain::Record& record, Form form);
/// A model with its nested object, as in every answer but that of an update.
std::string write_text(const NestedModel& model);

/// Writes objects of one entity straight from where their values lie, which is a database's row
/// with the fields in the order of their table: for lists. Thread-safe.
class ObjectWriter {
 public:
  ObjectWriter(domain::Entity entity, Form form);
  /// An object to be written in place of the id of a reference.
  struct Nested {
    std::string_view field;
    const ObjectWriter* writer;
    std::span<const Cell> cells;
  };
  void append(TextBuffer& out, std::span<const Cell> cells,
              std::span<const Nested> nested = {}) const;

 private:
  struct Member {
    std::string_view name;
    std::string before;  ///< {"name": or ,"name":
    std::size_t field;
    domain::FieldType type;
    bool when_set;  ///< left out while null
  };
  std::vector<Member> members_;
};

Json write_json(const domain::Record& record, Form form);
/// What the client reads from a hub: every field of the answer that the table knows; missing ones
/// take defaults (foreign hubs lack our additions).
Result<domain::Record> read_answer(domain::Entity entity, const Json& answer);

/// A model's answer with its nested object, if there is one (an update answers with ids).
Result<NestedModel> read_model_answer(const Json& answer);

/// {"field": ["message", ...]}, nested at the dots of each path: the v0 body of field errors.
Json field_errors_json(const std::vector<FieldError>& errors);

}  // namespace medperf::wire
