// Classes of equal probability: they count against, whatever the order of the columns.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "cohort/class_tables.h"

namespace medperf::cohort {
namespace {

constexpr std::array kNames = {"blue", "green", "red"};

/// The predicted names of one case of each class, all with these probabilities (by name).
std::vector<std::string> answers(const std::array<double, 3>& probabilities,
                                 const std::array<std::size_t, 3>& columns) {
  std::string predictions = "case_id";
  std::string labels = "case_id,label\n";
  for (const std::size_t i : columns) predictions += fmt::format(",{}", kNames[i]);
  for (const char* const name : kNames) {
    predictions += fmt::format("\n{}", name);
    for (const std::size_t i : columns) predictions += fmt::format(",{}", probabilities[i]);
    labels += fmt::format("{0},{0}\n", name);
  }
  const auto cohort = read_class_cohort(predictions + "\n", labels, {});
  EXPECT_TRUE(cohort.ok()) << (cohort.ok() ? "" : cohort.error().text());
  std::vector<std::string> names;
  for (const int one : cohort->predicted) {
    names.push_back(cohort->classes[static_cast<std::size_t>(one)]);
  }
  const auto most = *std::max_element(probabilities.begin(), probabilities.end());
  const bool tied = std::count(probabilities.begin(), probabilities.end(), most) > 1;
  EXPECT_EQ(cohort->tied, tied ? 3 : 0);
  return names;
}

TEST(Ties, CountAgainstWhateverTheOrderOfColumns) {
  using Names = std::vector<std::string>;
  std::array<std::size_t, 3> columns = {0, 1, 2};
  do {
    EXPECT_EQ(answers({0.2, 0.5, 0.3}, columns), (Names{"green", "green", "green"}));
    EXPECT_EQ(answers({0.4, 0.2, 0.4}, columns), (Names{"red", "blue", "blue"}));
    EXPECT_EQ(answers({0.2, 0.4, 0.4}, columns), (Names{"green", "red", "green"}));
    constexpr double kThird = 1.0 / 3;
    EXPECT_EQ(answers({kThird, kThird, kThird}, columns), (Names{"green", "blue", "blue"}));
  } while (std::next_permutation(columns.begin(), columns.end()));
}

}  // namespace
}  // namespace medperf::cohort
