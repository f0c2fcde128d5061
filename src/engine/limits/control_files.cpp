#include "engine/limits/control_files.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace medperf::engine {

std::string read_small(const fs::path& file) {
  auto text = read_file(file, Bytes{64u << 10});
  return text.ok() ? std::string(trim(*text)) : std::string();
}

std::uint64_t to_number(std::string_view text) {
  std::uint64_t number = 0;
  text = trim(text);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::uint64_t keyed_number(const std::string& text, std::string_view key) {
  for (const auto line : split(text, '\n')) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return to_number(line.substr(key.size() + 1));
    }
  }
  return 0;
}

std::string own_group(std::string_view self, std::string_view controller) {
  for (const auto line : split(self, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3) continue;
    const auto controllers = split(fields[1], ',');
    const bool hit = controller.empty() ? fields[0] == "0"
                                        : std::find(controllers.begin(), controllers.end(),
                                                    controller) != controllers.end();
    if (hit) return std::string(line.substr(fields[0].size() + fields[1].size() + 2));
  }
  return {};
}

fs::path relative_of(std::string_view absolute) {
  while (absolute.starts_with('/')) absolute.remove_prefix(1);
  return fs::path(absolute);
}

}  // namespace medperf::engine
