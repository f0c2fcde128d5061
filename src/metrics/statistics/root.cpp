#include "metrics/statistics/root.h"

#include <algorithm>

namespace medperf::metrics {

double bisect(const std::function<double(double)>& value, double low, double high) {
  const bool rising = value(high) > value(low);
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    const double here = value(middle);
    if (here == 0) return middle;
    if ((here > 0) == rising) {
      high = middle;
    } else {
      low = middle;
    }
  }
}

double false_position(const std::function<double(double)>& value, double low, double at_low,
                      double high, double at_high, double tolerance) {
  if (at_low == 0) return low;
  if (at_high == 0) return high;
  const bool rising = at_high > 0;
  int kept = 0;  // steps in a row that moved the high end (positive) or the low end (negative)
  for (int step = 0; step < 200 && high - low > tolerance; ++step) {
    double middle = low + (high - low) * at_low / (at_low - at_high);
    if (step > 60 || !(middle > low && middle < high)) middle = low + (high - low) / 2;
    const double here = value(middle);
    if (here == 0) return middle;
    if ((here > 0) == rising) {
      high = middle;
      at_high = here;
      kept = std::max(kept, 0) + 1;
      if (kept > 1) at_low /= 2;
    } else {
      low = middle;
      at_low = here;
      kept = std::min(kept, 0) - 1;
      if (kept < -1) at_high /= 2;
    }
  }
  return low + (high - low) / 2;
}

}  // namespace medperf::metrics
