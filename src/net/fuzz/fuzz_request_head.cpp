// The head of a request: found and checked alike, however its bytes are cut.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "net/request_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using medperf::net::HeadScan;
  if (size < 1 || size > 20000) return 0;
  const medperf::net::HeadLimits limits{4096, 1024, 20};
  const std::size_t step = data[0] % 64U + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const HeadScan whole = medperf::net::scan_head(bytes, 0, limits);
  HeadScan pieces;
  for (std::size_t seen = 0; seen < bytes.size() && pieces.end == 0 && pieces.status == 0;) {
    const std::size_t scanned = seen > 0 ? seen - 1 : 0;
    seen = std::min(seen + step, bytes.size());
    pieces = medperf::net::scan_head(bytes.substr(0, seen), scanned, limits);
  }
  // In pieces a line or head may already be too long before what else is wrong with it arrives.
  if (pieces.status == 0 && pieces.end != whole.end) std::abort();
  if (whole.end == 0) return 0;
  if (!bytes.substr(0, whole.end).ends_with("\r\n\r\n")) std::abort();
  medperf::net::check_head(bytes.substr(0, whole.end), limits);
  return 0;
}
