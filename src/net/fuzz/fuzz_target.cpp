// Request targets: whatever is accepted must survive being encoded and decoded again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "net/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto target = parse_target(text); target.ok()) {
    auto path = percent_decode(percent_encode(target->path));
    if (!path.ok() || *path != target->path) std::abort();
  }
  if (auto query = parse_query(text); query.ok()) {
    auto again = parse_query(to_query_text(*query));
    // A pair without name and value is written as "=".
    if (!again.ok() || *again != *query) std::abort();
  }
  return 0;
}
