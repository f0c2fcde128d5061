// What is read is written and read again to the same value.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  medperf::JsonLimits limits;
  limits.values = 10'000;
  const auto value = medperf::parse_yaml(text, limits, medperf::NonFinite::kAsText);
  if (!value.ok()) return 0;
  const auto again = medperf::parse_yaml(medperf::to_yaml(*value));
  if (!again.ok() || !(*again == *value)) std::abort();
  return 0;
}
