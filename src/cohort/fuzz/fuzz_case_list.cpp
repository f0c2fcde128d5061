// Lists of cases: whatever is read has ids of its own, paths and a patient.

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "cohort/case_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cases =
      medperf::cohort::parse_case_list({reinterpret_cast<const char*>(data), size}, "/cohort");
  if (!cases.ok()) return 0;
  std::set<std::string> ids;
  for (const auto& one : *cases) {
    if (one.id.empty() || !ids.insert(one.id).second || one.patient.empty()) std::abort();
    if (!one.prediction.is_absolute() || !one.reference.is_absolute()) std::abort();
  }
  if (cases->empty()) std::abort();
  return 0;
}
