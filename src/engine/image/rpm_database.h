#pragma once
// rpm's list of packages as it lies in an image: an SQLite database, of which only the rows of one
// table are counted. Read here, since its bytes come from outside and nothing else of it is wanted.

#include <cstdint>
#include <optional>
#include <string_view>

namespace medperf::engine {

/// Rows of the table Packages of rpmdb.sqlite; nothing when it has none or is damaged. Format:
/// https://www.sqlite.org/fileformat2.html. What stands in a write-ahead log beside it is not seen.
std::optional<std::uint64_t> count_rpm_packages(std::string_view database);

}  // namespace medperf::engine
