// The files of prepared data: written, read back, checked.
#include <algorithm>
#include <set>

#include "base/csv.h"
#include "imaging/npy.h"
#include "prep/image_cohort.h"

namespace medperf::prep {
namespace {

constexpr Bytes kFileLimit = mebibytes(512);

std::string cases_text(const PreparedCohort& cohort) {
  std::string text = "case_id\n";
  for (const auto& id : cohort.case_ids) text += id + "\n";
  return text;
}

std::string labels_text(const PreparedCohort& cohort) {
  std::string text = "case_id,label\n";
  for (std::size_t i = 0; i < cohort.size(); ++i) {
    text += cohort.case_ids[i] + (cohort.positive[i] ? ",1\n" : ",0\n");
  }
  return text;
}

std::string images_bytes(const PreparedCohort& cohort) {
  imaging::NpyArray array;
  array.type = imaging::NpyType::kU8;
  array.shape = {cohort.size(), cohort.side, cohort.side};
  array.data = cohort.pixels;
  return imaging::write_npy(array);
}

/// Writes unless the file holds these bytes; true if it wrote.
Result<bool> write_if_other(const fs::path& file, const std::string& content) {
  const auto present = read_file(file, kFileLimit);
  if (present.ok() && *present == content) return false;
  MEDPERF_CHECK(write_file_atomically(file, content, FileMode::kReadable));
  return true;
}

Error broken(std::string where, std::string what) {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what),
                    "Run the preparation again on the raw data.");
}

Status check_only(const fs::path& folder, const std::set<std::string>& expected) {
  MEDPERF_TRY(const auto files, list_files(folder));
  for (const fs::path& file : files) {
    if (!expected.contains(file.string())) {
      return make_error(ErrorKind::kInvalid, "prepared folder",
                        "it holds a file that the preparation does not write: " + file.string(),
                        "Remove it: prepared data must hold nothing that could identify someone.");
    }
  }
  return {};
}

Result<std::vector<std::vector<std::string>>> read_rows(const fs::path& folder,
                                                        const std::string& name,
                                                        const std::vector<std::string>& header) {
  MEDPERF_TRY(const std::string text, read_file_beneath(folder, name, mebibytes(64)));
  auto table = parse_csv(text);
  if (!table.ok()) return std::move(table).error().at(name);
  if (table->header != header) return broken(name, "its columns are not those of the benchmark");
  return std::move(table->rows);
}

}  // namespace

Result<int> write_prepared(const PreparedCohort& cohort, const fs::path& data,
                           const fs::path& labels) {
  int written = 0;
  const std::pair<fs::path, std::string> files[] = {{data / "images.npy", images_bytes(cohort)},
                                                    {data / "cases.csv", cases_text(cohort)},
                                                    {labels / "labels.csv", labels_text(cohort)}};
  for (const auto& [file, content] : files) {
    MEDPERF_TRY(const bool wrote, write_if_other(file, content));
    written += wrote ? 1 : 0;
  }
  return written;
}

Result<PreparedCohort> read_prepared(const fs::path& data, const fs::path& labels,
                                     const ImageCohortRules& rules) {
  MEDPERF_CHECK(check_only(data, {"images.npy", "cases.csv"}));
  MEDPERF_CHECK(check_only(labels, {"labels.csv"}));
  MEDPERF_TRY(const auto cases, read_rows(data, "cases.csv", {"case_id"}));
  MEDPERF_TRY(const auto classes, read_rows(labels, "labels.csv", {"case_id", "label"}));
  MEDPERF_TRY(const std::string bytes, read_file_beneath(data, "images.npy", kFileLimit));
  auto array = imaging::parse_npy(bytes);
  if (!array.ok()) return std::move(array).error().at("images.npy");
  if (array->type != imaging::NpyType::kU8 ||
      array->shape != std::vector<std::size_t>{cases.size(), rules.side, rules.side}) {
    return broken("images.npy", "it is " + array->description() + ", not one " +
                                    std::to_string(rules.side) + " x " +
                                    std::to_string(rules.side) + " 8-bit image a case");
  }
  if (classes.size() != cases.size()) {
    return broken("labels.csv", "it has another number of rows than cases.csv");
  }
  PreparedCohort cohort;
  cohort.side = rules.side;
  cohort.pixels = std::move(array->data);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string row = "row " + std::to_string(i + 1);
    if (cases[i][0] != classes[i][0]) {
      return broken("labels.csv: " + row, "it is not the case of that row in cases.csv");
    }
    if (classes[i][1] != "0" && classes[i][1] != "1") {
      return broken("labels.csv: " + row, "the label is neither 0 nor 1");
    }
    cohort.case_ids.push_back(cases[i][0]);
    cohort.positive.push_back(classes[i][1] == "1");
  }
  return cohort;
}

Status check_cohort(const PreparedCohort& cohort) {
  const auto positives = std::count(cohort.positive.begin(), cohort.positive.end(), true);
  if (positives == 0 || positives == static_cast<std::ptrdiff_t>(cohort.size())) {
    return make_error(ErrorKind::kInvalid, "labels.csv", "only one class is present",
                      "The benchmark needs cases with and without the condition.");
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < cohort.size(); ++i) {
    const std::string row = "cases.csv: row " + std::to_string(i + 1);
    const std::string_view image = cohort.image(i);
    const auto [low, high] = std::minmax_element(image.begin(), image.end());
    if (*low == *high) return broken(row, "its image is blank");
    if (!seen.insert(image).second) return broken(row, "its image occurs twice");
    const std::string& id = cohort.case_ids[i];
    if (id.size() < 9 || id.compare(0, 5, "case-") != 0 ||
        id.find_first_not_of("0123456789", 5) != std::string::npos) {
      return broken(row, "its case_id is not one that the preparation gives");
    }
  }
  const std::set<std::string_view> ids(cohort.case_ids.begin(), cohort.case_ids.end());
  if (ids.size() != cohort.size()) return broken("cases.csv", "a case_id is repeated");
  return {};
}

}  // namespace medperf::prep
