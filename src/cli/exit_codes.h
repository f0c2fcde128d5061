#pragma once
// One table: what a command's end means to a script.

#include <string_view>

#include "base/result.h"

namespace medperf::cli {

inline constexpr int kOk = 0;
inline constexpr int kNotReadyYet = 1;
inline constexpr int kSomeModelsFailed = 13;
inline constexpr int kWaitingForPerson = 20;

int exit_code_of(const Error& error);
/// The table as text, for `medperf --help`.
std::string_view exit_code_help();

}  // namespace medperf::cli
