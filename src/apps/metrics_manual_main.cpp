// medperf-metrics-manual FILE: writes the manual page medperf-metrics.1 from the program's own
// tables. Run by the build.

#include <cstdio>

#include "apps/metrics/request.h"
#include "base/files.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: medperf-metrics-manual FILE\n", stderr);
    return 2;
  }
  const auto written = medperf::write_file_atomically(argv[1], medperf::metrics_app::manual_page(),
                                                      medperf::FileMode::kReadable);
  if (written.ok()) return 0;
  std::fprintf(stderr, "medperf-metrics-manual: %s\n", written.error().text().c_str());
  return 9;
}
