#pragma once
// The label table as a hospital exports it: one row an image, with identifiers that must not go on.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf::prep {

/// What each word in the `finding` column means: 0 or 1.
using FindingMap = std::map<std::string, int, std::less<>>;

/// One image as it is known inside the hospital. The accession names the image file and stays here.
struct RawLabel {
  std::string accession;
  bool positive = false;
};

/// Reads a table with at least the columns `accession` and `finding`. All others (patient, date,
/// free text) are dropped unread. Errors: invalid (a column or an accession is missing, an
/// accession is repeated or cannot be a file name, a finding is unknown), too_large; they name
/// rows.
Result<std::vector<RawLabel>> read_raw_labels(std::string_view text, const FindingMap& findings);

}  // namespace medperf::prep
