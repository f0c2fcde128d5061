#include "prep/raw_labels.h"

#include <algorithm>
#include <set>

#include "base/csv.h"

namespace medperf::prep {
namespace {

/// An accession becomes part of a path, so only harmless characters pass.
bool is_file_name(std::string_view text) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 128 && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), harmless);
}

Error wrong(std::size_t row, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, "labels.csv: row " + std::to_string(row + 1),
                    std::move(what), std::move(advice));
}

Result<std::size_t> required_column(const CsvTable& table, std::string_view name) {
  if (const auto column = table.column(name)) return *column;
  return make_error(ErrorKind::kInvalid, "labels.csv: header",
                    "the column " + std::string(name) + " is missing",
                    "Export the table with the columns accession and finding.");
}

std::string accepted(const FindingMap& findings) {
  std::string text;
  for (const auto& [word, label] : findings) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Result<std::vector<RawLabel>> read_raw_labels(std::string_view text, const FindingMap& findings) {
  auto table = parse_csv(text);
  if (!table.ok()) return std::move(table).error().at("labels.csv");
  MEDPERF_TRY(const std::size_t accession, required_column(*table, "accession"));
  MEDPERF_TRY(const std::size_t finding, required_column(*table, "finding"));
  std::vector<RawLabel> labels;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const auto& row = table->rows[i];
    if (!is_file_name(row[accession])) {
      return wrong(i, "the accession is missing or is no file name",
                   "Use letters, digits, '-', '_' and '.' only; the image is <accession>.png.");
    }
    if (!seen.insert(row[accession]).second) {
      return wrong(i, "it repeats an accession", "Write each image once.");
    }
    const auto meaning = findings.find(row[finding]);
    if (meaning == findings.end()) {
      return wrong(i, row[finding].empty() ? "the finding is missing" : "the finding is unknown",
                   "Accepted findings: " + accepted(findings) + ".");
    }
    labels.push_back({row[accession], meaning->second == 1});
  }
  return labels;
}

}  // namespace medperf::prep
