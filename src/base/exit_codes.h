#pragma once
// What the end of a program of ours means to a script: one table for all programs.

#include "base/result.h"

namespace medperf {

inline constexpr int kExitOk = 0;
/// Some of many (models, cases) failed, the others are done.
inline constexpr int kExitSomeFailed = 13;

/// 2 wrong input, 5 not found, 7 too large, 11 corrupt, 70 our own fault, ...
int exit_code_of(ErrorKind kind);

}  // namespace medperf
