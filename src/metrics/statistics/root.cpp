#include "metrics/statistics/root.h"

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

}  // namespace medperf::metrics
