#pragma once
// One entity's values, in the order of its field table.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "domain/field.h"

namespace medperf::domain {

/// A JSON document as the bytes that were checked.
struct JsonText {
  std::string bytes;
  bool operator==(const JsonText&) const = default;
};

using FieldValue =
    std::variant<std::monostate, bool, std::int64_t, std::string, JsonText, Timestamp>;

class Record {
 public:
  explicit Record(Entity entity);  ///< every field at its default
  Entity entity() const { return table_->entity; }
  const EntityTable& table() const { return *table_; }

  const FieldValue& at(std::size_t index) const { return values_[index]; }
  void set(std::size_t index, FieldValue value) { values_[index] = std::move(value); }
  // By name; precondition: the table has the field.
  const FieldValue& get(std::string_view name) const { return values_[table_->index(name)]; }
  void set(std::string_view name, FieldValue value) { set(table_->index(name), std::move(value)); }

  bool is_null(std::string_view name) const;
  const std::string& text(std::string_view name) const;  ///< text or choice; "" when null
  std::int64_t integer(std::string_view name) const;     ///< integer, id or reference; 0 when null
  bool boolean(std::string_view name) const;
  std::int64_t id() const { return integer("id"); }
  std::int64_t owner() const { return integer("owner"); }
  /// The parsed JSON of a field; null when the field is null. O(bytes).
  Json json(std::string_view name) const;
  bool operator==(const Record&) const = default;  ///< of one entity, with the same values

 private:
  const EntityTable* table_;
  std::vector<FieldValue> values_;
};

}  // namespace medperf::domain
