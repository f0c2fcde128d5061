#pragma once
// Which files belong together: the cases of a cohort, from a table or from two folders.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medperf::cohort {

/// One case: the files to compare, and whose it is.
struct CaseFiles {
  std::string id;
  std::filesystem::path prediction;
  std::filesystem::path reference;
  std::string patient;  ///< the unit that is drawn by the bootstrap; the case's id without a column
  std::string group;    ///< e.g. the scanner; empty: none
};

/// Reads `case_id,prediction,reference` and, optional, `patient` and `group`, in any order of the
/// columns. Paths that are not absolute lie below `folder`. Errors: invalid (columns, no rows, an
/// empty or repeated id, an empty path, a blank patient; names `file` and the row), too_large.
Result<std::vector<CaseFiles>> parse_case_list(std::string_view text,
                                               const std::filesystem::path& folder,
                                               std::string_view file = "case list");
/// The same from a file; paths are relative to the file's folder.
Result<std::vector<CaseFiles>> read_case_list(const std::filesystem::path& table);

/// Pairs the entries of two folders by name without the ending of an image (.nii, .nii.gz, .hdr,
/// .png, .npy, .dcm); a folder inside is one entry, a DICOM series. Sorted by name. An entry
/// without a counterpart is a case with an empty path: it is reported where it is measured, since
/// leaving out what a model did not answer would flatter it. Hidden files and other endings are
/// passed over. Errors: not_found, invalid (no images at all, two files of one name), unavailable
/// (a folder that fails while it is read).
Result<std::vector<CaseFiles>> match_folders(const std::filesystem::path& prediction,
                                             const std::filesystem::path& reference);

/// Gives each case its patient and group from the text of patients.csv. Errors: those of UnitRows;
/// invalid when it lacks cases (says how many, names none).
Status give_units(std::string_view table, std::vector<CaseFiles>& cases);

}  // namespace medperf::cohort
