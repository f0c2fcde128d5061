#pragma once
// The rows in a plain SQL dump of PostgreSQL: its COPY blocks. Nothing in the file is executed.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace medperf::hub {

using DumpValues = std::vector<std::optional<std::string>>;

/// `COPY schema.table (a, b) FROM stdin;` taken apart; nothing when the line is something else.
struct CopyHead {
  std::string table;  ///< without schema
  std::vector<std::string> columns;
};
std::optional<CopyHead> read_copy_head(std::string_view line);
/// A line of a COPY block; error: corrupt (a wrong escape or number of values).
Result<DumpValues> read_copy_row(std::string_view line, std::size_t columns);
/// `SELECT pg_catalog.setval('public.t_id_seq', 12, true);`: the sequence's name without schema,
/// and its value.
std::optional<std::pair<std::string, std::int64_t>> read_setval(std::string_view line);

/// Gives every row of one table of the dump to `visit`, as (columns, values). Errors: corrupt, with
/// the line; not_found when the dump has no such table; those of `visit`.
Status for_each_dumped_row(
    const fs::path& file, std::string_view table,
    const std::function<Status(const std::vector<std::string>&, const DumpValues&)>& visit);

/// Tables of the dump, and the last values of its sequences by name.
struct DumpContents {
  std::vector<std::string> tables;
  std::map<std::string, std::int64_t> sequences;
};
Result<DumpContents> read_dump_contents(const fs::path& file);

}  // namespace medperf::hub
