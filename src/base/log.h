#pragma once
// Structured logging: one JSON line an event, on standard error or in a file. Thread-safe.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/json.h"

namespace medperf::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

/// Where to and from which level; call once in main. Default: warnings, standard error.
void configure(Level level, const fs::path& file = {});
using Fields = std::initializer_list<std::pair<std::string_view, Json>>;
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

/// Lines that this process wrote so far, by level.
struct LineCounts {
  std::uint64_t debug = 0;
  std::uint64_t info = 0;
  std::uint64_t warning = 0;
  std::uint64_t error = 0;
};
LineCounts lines_written();

}  // namespace medperf::log
