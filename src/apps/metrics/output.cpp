#include <cstdio>

#include "apps/metrics/answer.h"
#include "base/files.h"

namespace medperf::metrics_app {

Status print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return {};
  return make_error(ErrorKind::kUnavailable, "standard output", "it takes no more",
                    "Make room on the disk, or write to another place.");
}

Status save(const std::string& file, std::string_view text) {
  if (file.empty()) return {};
  return write_file_atomically(file, text, FileMode::kReadable);
}

}  // namespace medperf::metrics_app
