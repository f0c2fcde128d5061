#pragma once
// Exact counts and places of pages in the large lists without counting their rows.
//
// Triggers note each change of a counted table in list_changes, in the same transaction: +1 or -1,
// the row's place in the default order, and the columns that lists are filtered by. list_marks
// holds the sums for each class of rows ("", "is_valid=1", "benchmark=7,is_valid=1" ...); for the
// two broad classes it holds them by runs of neighbours, so that the row at an offset is found by
// adding up. A count is always marks plus changes, read in one snapshot: exact, however many
// changes wait. fold_list_changes moves changes into marks, in one transaction.

#include <cstdint>
#include <optional>
#include <string>

#include "domain/field.h"
#include "hub/store/repository.h"
#include "sql/database.h"

namespace medperf::hub {

/// The class of rows that a selection asks for; none when it is not counted.
std::optional<std::string> counted_class(domain::Entity entity, const Selection& selection);

/// A statement whose one value is the exact count of a counted class.
struct CountQuery {
  std::string text;
  sql::Params params;
};
CountQuery count_query(domain::Entity entity, const Selection& selection,
                       const std::string& row_class);

/// Where a page begins: so many rows after the first one that is not before the key.
struct Place {
  std::int64_t modified_at = 0;
  std::int64_t id = 0;
  std::int64_t skip = 0;
  std::int64_t count = 0;  ///< of the whole class
};
/// Nothing for classes that have no places.
Result<std::optional<Place>> find_place(sql::Session& session, domain::Entity entity,
                                        const Selection& selection, const std::string& row_class);

/// Whether there are changes to move.
Result<bool> has_list_changes(sql::Session& session);
/// Moves at most `limit` changes into the marks; returns how many. Only inside an exclusive
/// transaction.
Result<std::int64_t> fold_list_changes(sql::Session& session, std::int64_t limit);

}  // namespace medperf::hub
