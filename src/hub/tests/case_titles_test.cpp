// Titles of the cases: unique in a file, enough of them, and there when a page names one.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "hub/tests/case_files.h"

namespace medperf::hub {
namespace {

constexpr int kFewest = 1500;  // written by hand

std::map<std::string, std::set<std::string>> all_titles() {
  std::map<std::string, std::set<std::string>> titles;
  for (const auto& file : case_files()) {
    const std::string name = file.filename().string();
    const Json document = read_cases(file);
    each_case(*document.find("cases"), [&](const Json& one) {
      const std::string title = one.get_string("it");
      EXPECT_TRUE(titles[name].insert(title).second) << name << " has twice: " << title;
    });
  }
  return titles;
}

TEST(CaseTitles, AreUniqueInAFileAndManyAreWritten) {
  std::size_t cases = 0;
  for (const auto& [file, titles] : all_titles()) cases += titles.size();
  EXPECT_GE(cases, kFewest);
}

/// "file" and "what shows it" of a row's last cell: `file`: title.
std::pair<std::string, std::string> shown_by(std::string_view row) {
  const auto cells = split(row, '|');
  if (cells.size() < 6) return {};
  const std::string_view last = trim(cells[cells.size() - 2]);
  const auto end = last.find("`: ");
  if (!last.starts_with('`') || end == std::string_view::npos) return {};
  return {std::string(last.substr(1, end - 1)), std::string(last.substr(end + 3))};
}

bool is_shown(const std::string& file, const std::string& title,
              const std::map<std::string, std::set<std::string>>& titles) {
  const auto found = titles.find(file);
  if (found != titles.end()) return found->second.contains(title);
  auto source = read_file(fs::path(MEDPERF_SOURCE_DIR) / "src/hub/tests" / file);
  return source.ok() && source->find(", " + title + ")") != std::string::npos;
}

TEST(Differences, EachNamesACaseThatShowsIt) {
  auto page = read_file(fs::path(MEDPERF_SOURCE_DIR) / "docs/v0-differences.md");
  ASSERT_TRUE(page.ok()) << page.error().text();
  const auto titles = all_titles();
  int rows = 0;
  for (const auto line : split(*page, '\n')) {
    if (!line.starts_with("| ") || line.starts_with("| where") || line.starts_with("| ---")) {
      continue;
    }
    ++rows;
    const auto [file, title] = shown_by(line);
    EXPECT_TRUE(is_shown(file, title, titles)) << line;
  }
  EXPECT_GT(rows, 30);
}

}  // namespace
}  // namespace medperf::hub
