// What is read is written and read again to the same value, compact and canonical.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = medperf::parse_json(text);
  if (!value.ok()) return 0;
  const auto again = medperf::parse_json(medperf::to_text(*value));
  if (!again.ok() || !(*again == *value)) std::abort();
  const std::string canonical = medperf::to_canonical(*value);
  const auto third = medperf::parse_json(canonical);
  if (!third.ok() || medperf::to_canonical(*third) != canonical) std::abort();
  return 0;
}
