#include "cohort/case_list.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

#include "base/linked_files.h"
#include "cohort/keyed_table.h"
#include "cohort/units.h"

namespace medperf::cohort {
namespace {

/// The name of an entry without the ending of an image; nothing for other files.
std::optional<std::string> case_name(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  if (name.starts_with('.')) return std::nullopt;
  std::error_code unknown;
  if (entry.is_directory(unknown)) return name;
  constexpr std::array kEndings = {".nii.gz", ".nii", ".hdr.gz", ".hdr", ".png", ".npy", ".dcm"};
  for (const std::string_view ending : kEndings) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      return name.substr(0, name.size() - ending.size());
    }
  }
  return std::nullopt;
}

using Entries = std::map<std::string, fs::path>;

Result<Entries> entries_of(const fs::path& folder) {
  std::error_code failure;
  fs::directory_iterator entry(folder, failure);
  if (failure) {
    return make_error(ErrorKind::kNotFound, folder.string(), "it is no folder that can be read",
                      "Give a folder of label maps.");
  }
  Entries found;
  // Not by a range: its steps throw when the folder fails midway.
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    const fs::directory_entry& one = *entry;
    const auto name = case_name(one);
    if (!name) continue;
    if (!found.emplace(*name, one.path()).second) {
      return make_error(ErrorKind::kInvalid, one.path().string(),
                        "two files of the folder have this name",
                        "Keep one file for each case, or list the pairs in a table.");
    }
  }
  if (failure) {
    return make_error(ErrorKind::kUnavailable, folder.string(),
                      "it could not be read to its end: " + failure.message());
  }
  if (found.empty()) {
    return make_error(ErrorKind::kInvalid, folder.string(), "it holds no image",
                      "Label maps end in .nii.gz, .nii, .hdr, .png, .npy or .dcm, or are folders "
                      "with a DICOM series.");
  }
  return found;
}

}  // namespace

Result<std::vector<CaseFiles>> parse_case_list(std::string_view text, const fs::path& folder,
                                               std::string_view file) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, file));
  const auto prediction = table.table.column("prediction");
  const auto reference = table.table.column("reference");
  if (!prediction || !reference || table.table.header.size() != 3 + unit_columns(table.table)) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", file),
                      "these are not the columns of a case list",
                      "Write case_id,prediction,reference and, if wanted, patient and group.");
  }
  if (table.table.rows.empty()) {
    return make_error(ErrorKind::kInvalid, std::string(file), "the table has no cases",
                      "Write a row per case.");
  }
  std::vector<CaseFiles> cases;
  for (std::size_t i = 0; i < table.table.rows.size(); ++i) {
    const auto& row = table.table.rows[i];
    if (row[*prediction].empty() || row[*reference].empty()) {
      return bad_row(file, i, "the path of a file is empty", "Give both files of every case.");
    }
    MEDPERF_TRY(CaseUnit unit, unit_in(table, i, file));
    cases.push_back({row[table.id], folder / row[*prediction], folder / row[*reference],
                     std::move(unit.patient), std::move(unit.group)});
  }
  return cases;
}

Result<std::vector<CaseFiles>> read_case_list(const fs::path& table) {
  // What a person names may be a link.
  MEDPERF_TRY(const std::string text, read_file(table, mebibytes(64), Links::kFollow));
  return parse_case_list(text, table.parent_path(), table.string());
}

Result<std::vector<CaseFiles>> match_folders(const fs::path& prediction,
                                             const fs::path& reference) {
  MEDPERF_TRY(Entries predicted, entries_of(prediction));
  MEDPERF_TRY(const Entries referenced, entries_of(reference));
  std::map<std::string, CaseFiles> cases;
  for (const auto& [name, path] : referenced) cases[name] = {name, {}, path, name, {}};
  for (const auto& [name, path] : predicted) {
    CaseFiles& one = cases[name];
    one.id = one.patient = name;
    one.prediction = path;
  }
  std::vector<CaseFiles> result;
  for (auto& [name, one] : cases) result.push_back(std::move(one));
  return result;
}

Status give_units(std::string_view table, std::vector<CaseFiles>& cases) {
  MEDPERF_TRY(const UnitRows rows, UnitRows::read(table));
  std::size_t missing = 0;
  for (CaseFiles& one : cases) {
    const CaseUnit* const unit = rows.find(one.id);
    if (unit == nullptr) {
      ++missing;
      continue;
    }
    one.patient = unit->patient;
    one.group = unit->group;
  }
  if (missing == 0) return {};
  return make_error(ErrorKind::kInvalid, std::string(kUnitFile),
                    fmt::format("{} {} not in it", missing, missing == 1 ? "case is" : "cases are"),
                    "Give the patient of every case: its case_id is the name of the label map "
                    "without the ending.");
}

}  // namespace medperf::cohort
