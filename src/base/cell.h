#pragma once
// A value of a row where it lies.

#include <cstdint>
#include <string_view>

namespace medperf {

/// One value of a database's row while it is read: null, a whole number, or a text that is valid
/// until the next row. Booleans are 0 or 1, times microseconds since 1970.
struct Cell {
  bool null = true;
  std::int64_t integer = 0;
  std::string_view text;
};

}  // namespace medperf
