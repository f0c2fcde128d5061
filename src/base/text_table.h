#pragma once
// A table for people at a terminal.

#include <string>
#include <vector>

namespace medperf {

/// Columns as wide as their widest cell; UTF-8 counts by characters. Cells are made printable.
std::string table_text(const std::vector<std::string>& heads,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace medperf
