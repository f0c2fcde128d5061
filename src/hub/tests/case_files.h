#pragma once
// The files of tests/api.

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/yaml.h"
#include "hub/tests/case_form.h"

namespace medperf::hub {

inline std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(MEDPERF_SOURCE_DIR) / "tests/api")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline Json read_cases(const fs::path& file) {
  auto text = read_file(file);
  if (!text.ok()) throw CaseMistake{text.error().text()};
  auto document = parse_yaml(*text);
  if (!document.ok()) throw CaseMistake{document.error().text()};
  return std::move(document).value();
}

/// Each case with what its group says for all: calls `visit(case)`.
template <typename Visit>
void each_case(const Json& cases, const Visit& visit) {
  for (const auto& entry : cases.items()) {
    const Json* inner = entry.find("cases");
    if (inner == nullptr) {
      visit(entry);
      continue;
    }
    for (Json one : inner->items()) {
      for (const auto& [key, value] : entry.members()) {
        if (key != "cases" && key != "about" && !one.contains(key)) one.set(key, value);
      }
      one.set("it", entry.get_string("about") + ": " + one.get_string("it"));
      visit(one);
    }
  }
}

}  // namespace medperf::hub
