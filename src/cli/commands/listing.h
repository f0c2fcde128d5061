#pragma once
// `ls` and `view`, the same for every entity.

#include <string>
#include <string_view>
#include <vector>

#include "cli/invocation.h"
#include "domain/field.h"

namespace medperf::cli {

inline constexpr Argument kIdArgument = {"id", "ID", "Number on the hub.", ArgumentKind::kNumber,
                                         true};
inline constexpr Argument kClosedGroupArgument = {
    "--closed-group", "ID", "Closed group outside of which it does not exist.",
    ArgumentKind::kNumber, false};
inline std::int64_t closed_group_of(const Invocation& call) {
  return call.has("closed-group") ? call.number("closed-group") : 0;
}
inline constexpr Argument kMineArgument = {"--mine", "", "Only those of this account.",
                                           ArgumentKind::kFlag, false};

/// Prints the rows of a list with what is brief about the entity as columns, but for one that says
/// the same in every row.
Result<int> list_entities(Invocation& call, const site::Path<site::kGet>& path,
                          domain::Entity entity, std::string_view left_out = {});
/// Prints one entity.
Result<int> view_entity(Invocation& call, const site::Path<site::kGet>& path);
/// "registered" or "already registered", with the number.
Result<int> report_registration(Invocation& call, std::string_view what, std::int64_t id,
                                bool already, std::string_view done = "registered");
/// A JSON value in a table cell.
std::string cell_text(const Json* value);

}  // namespace medperf::cli
