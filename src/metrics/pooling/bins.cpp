#include "metrics/pooling/bins.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace medperf::metrics {
namespace {

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), written.ptr};
}

}  // namespace

double Bins::edge(int k) const {
  if (k == count) return high;
  return low + (high - low) * k / count;
}

std::optional<int> Bins::of(double value) const {
  if (!(value >= low && value <= high)) return std::nullopt;
  int k = std::clamp(static_cast<int>((value - low) / (high - low) * count), 0, count - 1);
  while (k > 0 && value < edge(k)) --k;  // the division above may be off by one rounding
  while (k + 1 < count && value >= edge(k + 1)) ++k;
  return k;
}

std::string Bins::text() const {
  return "equal-width " + shortest(low) + ".." + shortest(high) + " " + std::to_string(count);
}

Status check_bins(const Bins& bins) {
  constexpr int kMaxBins = 1 << 16;
  if (std::isfinite(bins.low) && std::isfinite(bins.high) && bins.low < bins.high &&
      bins.count >= 1 && bins.count <= kMaxBins) {
    return {};
  }
  return make_error(ErrorKind::kInvalid, "bins", "they do not part a range",
                    "Give finite ends, the lower first, and 1 to 65536 bins.");
}

}  // namespace medperf::metrics
