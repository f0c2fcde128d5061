// Sums as a site sends them: nothing but what text() writes is read, and it is written again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "metrics/pooling/exact_sum.h"
#include "metrics/pooling/moments.h"

using namespace medperf::metrics;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const auto sum = ExactSum::parse(text.substr(0, line));
  if (!sum.ok()) return 0;
  if (sum->text() != text.substr(0, line)) std::abort();
  ExactSum zero = *sum;
  zero.negate();
  zero.merge(*sum);
  if (zero.sign() != 0) std::abort();
  if (line == std::string_view::npos) return 0;
  const auto squares = ExactSum::parse(text.substr(line + 1));
  if (!squares.ok()) return 0;
  const auto summary = MomentSummary::from_parts(kMomentsConvention, 7, *sum, *squares);
  if (!summary.ok()) return 0;
  const Estimate estimate = summary->estimate();
  if (!estimate.value || *summary->variance() < 0) std::abort();
  return 0;
}
