// Predictions are written by foreign programs: whatever they hold, the evaluation ends with a
// document of finite numbers or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cohort/binary_evaluation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result =
      medperf::cohort::evaluate_binary_tables(text, "case_id,label\na,1\nb,0\nc,1\nd,0\n", {}, {});
  if (result.ok() && !medperf::parse_json(medperf::to_text(*result)).ok()) std::abort();
  return 0;
}
