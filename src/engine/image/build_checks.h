#pragma once
// What the builder's notes and the base system tell of an image.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/image/archive.h"

namespace medperf::engine {

/// Findings from the commands that made the image (`history[].created_by`).
std::vector<Finding> inspect_history(const std::vector<std::string>& history);

/// A base system past its end of life on `today` (2026-11-26, a time may follow); nothing when it
/// is not, when it is not in the table, or when `today` is empty.
std::optional<Finding> inspect_base(const ImageContents& contents, std::string_view today);

}  // namespace medperf::engine
