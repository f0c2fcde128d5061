#pragma once
// What SQLite's codes mean, in the words of this project. For the files of this driver only.

#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::sql::sqlite {

/// Of a constraint that `statement` broke; `code` is the extended one.
Error constraint_error(int code, std::string_view message, std::string_view statement);
/// Of the file, the disk or the statement.
Error file_error(int code, const std::string& file, const std::string& message);

}  // namespace medperf::sql::sqlite
