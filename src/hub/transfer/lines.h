#pragma once
// A large text file read line by line.

#include <optional>
#include <string>

#include "base/files.h"

namespace medperf::hub {

class LineSource {
 public:
  explicit LineSource(FileHandle file) : file_(std::move(file)) {}

  /// The next line without its break; nothing at the end. Errors: corrupt (a line is too long, or
  /// the file ends inside one), unavailable.
  Result<std::optional<std::string>> next();

 private:
  Result<bool> fill();

  FileHandle file_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;
};

inline constexpr Bytes kLineLimit = mebibytes(256);

}  // namespace medperf::hub
