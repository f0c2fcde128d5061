// The pages of docs/metrics have what a reader of a metric's page looks for.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/files.h"

namespace medperf::metrics {
namespace {

namespace fs = std::filesystem;

/// The index and what programs measured are no pages of a metric.
bool is_page(const std::string& name) {
  return name != "README.md" && name != "coverage.md" && name != "speed.md";
}

TEST(Pages, SayWhatHowWhenWhenNotAndWhere) {
  int pages = 0;
  for (const auto& entry : fs::directory_iterator(MEDPERF_SOURCE_DIR "/docs/metrics")) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".md" || !is_page(name)) continue;
    ++pages;
    std::string text = read_file(entry.path()).value_or("");
    std::replace(text.begin(), text.end(), '\n', ' ');  // "**Do not" may end a line
    for (const char* heading : {"**Definition", "**Formula", "**Range", "**Use", "**Do not use",
                                "**Pitfalls", "**Source"}) {
      EXPECT_NE(text.find(heading), std::string::npos) << name << " lacks " << heading << "**";
    }
  }
  EXPECT_GT(pages, 35);
}

}  // namespace
}  // namespace medperf::metrics
