// A site's summary as bytes: what is read is written again and read as the same, merges with
// itself, and gives figures that are numbers.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "metrics/pooling/summary_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  const auto summary = metrics::parse_summary({reinterpret_cast<const char*>(data), size});
  if (!summary.ok()) return 0;
  const auto again = metrics::read_summary(metrics::summary_document(*summary, "fuzz"));
  if (!again.ok() || !(*again == *summary)) std::abort();
  metrics::SiteSummary twice = *summary;
  if (twice.merge(*summary).ok() && !twice.check().ok()) std::abort();
  for (const metrics::PooledFigure& one : metrics::pooled_figures(*summary)) {
    const metrics::Estimate& e = one.estimate;
    if ((e.value && !std::isfinite(*e.value)) || !std::isfinite(one.bound)) std::abort();
    if (e.interval && (!std::isfinite(e.interval->low) || !std::isfinite(e.interval->high))) {
      std::abort();
    }
  }
  return 0;
}
