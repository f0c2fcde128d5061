#include "metrics/vocabulary.h"

#include <gtest/gtest.h>

#include <string>

#include "base/files.h"

namespace medperf::metrics {
namespace {

std::string page(std::string_view name) {
  const auto text = read_file(std::string(MEDPERF_SOURCE_DIR "/docs/metrics/") + std::string(name));
  EXPECT_TRUE(text.ok()) << name;
  return text.value_or("");
}

TEST(Vocabulary, EveryMetricHasItsPageAndItsLineInTheIndex) {
  const std::string index = page("README.md");
  for (const MetricEntry& entry : vocabulary()) {
    const std::string id = "`" + std::string(entry.id) + "`";
    EXPECT_NE(page(entry.page).find(id), std::string::npos) << entry.page << " lacks " << id;
    EXPECT_NE(index.find(id), std::string::npos) << "README.md lacks " << id;
    EXPECT_FALSE(entry.convention.empty()) << id;
  }
}

}  // namespace
}  // namespace medperf::metrics
