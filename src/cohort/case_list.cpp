#include "cohort/case_list.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/csv.h"
#include "base/files.h"

namespace medperf::cohort {
namespace {

Error bad_row(std::size_t index, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, fmt::format("row {}", index + 1), std::move(what),
                    std::move(advice));
}

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

Result<std::vector<CaseFiles>> parse_case_list(std::string_view text, const fs::path& folder) {
  MEDPERF_TRY(const CsvTable table, parse_csv(text));
  const auto id = table.column("case_id");
  const auto prediction = table.column("prediction");
  const auto reference = table.column("reference");
  const auto patient = table.column("patient");
  const auto group = table.column("group");
  const std::size_t known = 3 + (patient ? 1 : 0) + (group ? 1 : 0);
  if (!id || !prediction || !reference || table.header.size() != known) {
    return make_error(ErrorKind::kInvalid, "header", "these are not the columns of a case list",
                      "Write case_id,prediction,reference and, if wanted, patient and group.");
  }
  if (table.rows.empty()) {
    return make_error(ErrorKind::kInvalid, {}, "the table has no cases", "Write a row per case.");
  }
  std::vector<CaseFiles> cases;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    if (row[*id].empty()) return bad_row(i, "the case_id is empty", "Give every case an id.");
    if (!ids.insert(row[*id]).second) {
      return bad_row(i, "it repeats the case_id of an earlier row", "Write each case once.");
    }
    if (row[*prediction].empty() || row[*reference].empty()) {
      return bad_row(i, "the path of a file is empty", "Give both files of every case.");
    }
    CaseFiles one{row[*id], folder / row[*prediction], folder / row[*reference], row[*id], {}};
    if (patient && !row[*patient].empty()) one.patient = row[*patient];
    if (group) one.group = row[*group];
    cases.push_back(std::move(one));
  }
  return cases;
}

Result<std::vector<CaseFiles>> read_case_list(const fs::path& table) {
  MEDPERF_TRY(const std::string text, read_file(table));
  auto cases = parse_case_list(text, table.parent_path());
  if (!cases) return std::move(cases).error().at(table.string());
  return cases;
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

}  // namespace medperf::cohort
