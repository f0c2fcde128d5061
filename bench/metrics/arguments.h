#pragma once
// What the programs of this folder share: their arguments, their files, and clocks.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/segmentation/label_volume.h"

namespace medperf::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(2);
}

inline std::vector<char> read_bytes(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail(std::string("cannot read ") + path);
  std::vector<char> bytes(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

/// NAME=LABEL,LABEL...
inline metrics::Region read_region(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) fail("a region is NAME=LABEL,LABEL...");
  metrics::Region result{text.substr(0, equals), {}};
  std::stringstream list(text.substr(equals + 1));
  for (std::string label; std::getline(list, label, ',');) {
    result.labels.push_back(std::atoi(label.c_str()));
  }
  return result;
}

/// Labels that outlive the view, as one volume.
inline metrics::LabelVolume view_labels(metrics::LabelVolume::Labels labels, metrics::Extent size,
                                        metrics::SpacingMm spacing) {
  auto result = metrics::LabelVolume::view(labels, size, spacing);
  if (!result.ok()) fail(result.error().text());
  return *result;
}

/// Time that this process has computed, on all its threads, the system's for it included: other
/// work on the machine does not lengthen it much.
inline double processor_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

inline double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

/// The most memory that this program ever held. Not getrusage's figure, which a program inherits
/// from the one that started it.
inline long long peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::atoll(line.c_str() + 6) * 1024;
  }
  return 0;
}

}  // namespace medperf::bench
