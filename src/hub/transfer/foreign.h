#pragma once
// An existing hub as import sees it: rows with the names of the v0 contract, whatever they came
// from.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.h"

namespace medperf::hub {

/// Values as text by v0 field name; nothing stands for null. A name that is missing was not shown
/// by the source.
using ForeignRow = std::map<std::string, std::optional<std::string>, std::less<>>;

/// What import takes, each after what it refers to.
std::span<const domain::Entity> imported_entities();

class ImportSource {
 public:
  virtual ~ImportSource() = default;
  /// For the log: the kind of source and what identifies it. No secrets.
  virtual Json description() const = 0;
  /// Every row of an entity, in the order of ids where the source can. Errors: of the source, or of
  /// `visit`.
  virtual Status for_each(domain::Entity entity,
                          const std::function<Status(const ForeignRow&)>& visit) = 0;
  /// The last id that the source gave, when it knows more than its rows say.
  virtual Result<std::int64_t> last_id(domain::Entity) { return 0; }
  /// What the source cannot give.
  virtual std::vector<std::string> limits() const { return {}; }
};

/// A row as a record; what the source did not show gets the default of its field. Error: invalid,
/// with the field.
Result<domain::Record> to_record(domain::Entity entity, const ForeignRow& row);

/// The JSON value of an answer as text; nothing for null.
std::optional<std::string> foreign_text(const Json& value);

/// Times as Django stores them, "2026-01-02 03:04:05.123456" in UTC, and as pg_dump writes them
/// with the zone of its server, "+00" or "-02:30"; ISO-8601 too.
Result<Timestamp> read_foreign_time(std::string_view text);

}  // namespace medperf::hub
