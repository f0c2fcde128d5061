#include "cohort/case_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace medperf::cohort {

CaseRows case_rows(std::size_t cases, std::vector<std::string> heads, std::string worst_by,
                   const std::function<double(std::size_t)>& badness,
                   const std::function<std::vector<std::string>(std::size_t)>& row) {
  CaseRows rows{std::move(heads), std::move(worst_by), {}, {}};
  std::vector<std::pair<double, std::size_t>> order;
  order.reserve(cases);
  for (std::size_t i = 0; i < cases; ++i) order.emplace_back(-badness(i), i);
  const auto worst = order.begin() + static_cast<std::ptrdiff_t>(
                                         std::min(cases, std::size_t{CaseRows::kMostWorst}));
  std::partial_sort(order.begin(), worst, order.end());
  for (auto one = order.begin(); one != worst; ++one) rows.worst.push_back(row(one->second));
  for (std::size_t i = 0; i < std::min(cases, std::size_t{CaseRows::kMostFirst}); ++i) {
    rows.first.push_back(row(i));
  }
  return rows;
}

std::string cell(double value) {
  return fmt::format("{:.4g}", value);
}

}  // namespace medperf::cohort
