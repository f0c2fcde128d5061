#pragma once
// A cohort of small grey images with one 0/1 label each: from a hospital's export to prepared data.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "imaging/png.h"
#include "prep/raw_labels.h"

namespace medperf::prep {

struct ImageCohortRules {
  std::uint32_t side = 28;  ///< pixels; images are side x side, 8 bits
  FindingMap findings;
  std::int64_t minimum_cell = 5;  ///< counts below it are left out of statistics
  std::size_t maximum_cases = 100'000;
};

/// Prepared data, free of identifiers. Case i has pixels [i * side * side, (i + 1) * side * side).
struct PreparedCohort {
  std::uint32_t side = 0;
  std::vector<std::string> case_ids;  ///< "case-0001" ...
  std::string pixels;                 ///< 8-bit, row by row
  std::vector<bool> positive;

  std::size_t size() const { return case_ids.size(); }
  std::string_view image(std::size_t i) const {
    const std::size_t count = std::size_t{side} * side;
    return std::string_view(pixels).substr(i * count, count);
  }
};

/// Refuses an image that is not square of the demanded side, not 8 bits, or of one single value.
Status check_image(const imaging::GreyImage& image, std::uint32_t side);

/// Reads `<data>/<accession>.png` (also below `<data>/images`) for each row of
/// `<labels>/labels.csv`.
/// De-identification: accession, patient, date and all file data but the pixels are dropped; cases
/// are numbered in the order of a digest of their pixels, so that the order tells nothing about
/// when an image was taken or whose it is. Errors (they may name an accession; they stay on this
/// machine): an image without a label, a label without an image, a file that is no PNG, the same
/// pixels twice.
Result<PreparedCohort> prepare_image_cohort(const fs::path& data, const fs::path& labels,
                                            const ImageCohortRules& rules);

/// Writes images.npy, cases.csv and labels.csv; files that hold the right bytes already are left
/// untouched. Returns how many files were written (0: all was done before).
Result<int> write_prepared(const PreparedCohort& cohort, const fs::path& data,
                           const fs::path& labels);

/// Reads prepared data back. Errors: anything that prepare_image_cohort would not have written,
/// other files included, since those may identify someone.
Result<PreparedCohort> read_prepared(const fs::path& data, const fs::path& labels,
                                     const ImageCohortRules& rules);

/// Further demands on a whole cohort: both classes present, no image twice. Errors: invalid.
Status check_cohort(const PreparedCohort& cohort);

/// Numbers that may be shown outside: counts, prevalence, a summary of the intensities. A class
/// with fewer than `minimum_cell` cases is left out (null) together with what would reveal it.
Json describe_cohort(const PreparedCohort& cohort, const ImageCohortRules& rules);

}  // namespace medperf::prep
