#pragma once
// The form of one log line, the same in a file and in a table: canonical JSON
//   {"actor","body","hash","kind","n","previous","time","v"}
// where `hash` is the SHA-256 of the canonical JSON without it, and `previous` the hash of the line
// before (64 zeros for the first).

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace medperf::ledger {

/// A longer line is refused: what is large is named by its digest instead.
inline constexpr Bytes kLineLimit = mebibytes(1);

/// What the next line must follow.
struct Position {
  std::int64_t n = 0;  ///< number of the last line
  std::string hash = std::string(64, '0');
};

struct Line {
  std::string text;  ///< without line break
  std::string hash;
};

/// Makes the line after `last`. Errors: too_large, invalid (a body that JSON cannot carry).
Result<Line> make_line(const Position& last, const Entry& entry, Timestamp time);

/// Checks form, own hash, number and link of a line; its position. Errors: corrupt, what = the
/// problem.
Result<Position> check_line(std::string_view text, const Position& last);

/// Number and hash of a line whose own hash is right, whatever was before it.
Result<Position> read_position(std::string_view text);

}  // namespace medperf::ledger
