#pragma once
// sites.yaml as values, and the check that its list of exclusions is right.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acquisition.h"
#include "base/result.h"
#include "imaging/npy.h"

namespace cxr {

struct CaseKey {
  std::string split;  ///< "val" or "test"
  int label = 0;      ///< 0 normal, 1 pneumonia
  auto operator<=>(const CaseKey&) const = default;
};

struct Site {
  std::string id;
  std::map<CaseKey, std::size_t> counts;
  Shift shift;
};

struct Plan {
  std::string salt;
  std::set<std::pair<std::string, std::size_t>> excluded;  ///< split, index
  std::vector<Site> sites;
};

medperf::Result<Plan> parse_plan(std::string_view yaml);

/// Images and labels of a split of pneumoniamnist.npz.
struct Split {
  std::vector<Image> images;
  std::vector<int> labels;
};
using Splits = std::map<std::string, Split>;

medperf::Result<Splits> read_splits(
    const std::map<std::string, medperf::imaging::NpyArray>& arrays);

/// Every val or test image whose pixels occur in train, or earlier in val or test, must be
/// excluded, and no other.
medperf::Status check_exclusions(const Plan& plan, const Splits& splits);

}  // namespace cxr
