#pragma once
// The cases behind the figures of a cohort, as a person looks through them.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace medperf::cohort {

/// Cells of a table, the case id first. Of a large cohort only as many rows are kept as are shown.
/// They stay where the data are: no document holds them, and the evaluator makes none.
struct CaseRows {
  static constexpr std::size_t kMostFirst = 2000;
  static constexpr std::size_t kMostWorst = 10;
  std::vector<std::string> heads;
  std::string worst_by;  ///< what makes a case worse than another, as a clause
  std::vector<std::vector<std::string>> worst;  ///< the worst first
  std::vector<std::vector<std::string>> first;  ///< in the order of the table
};

/// `badness` of case i: larger is worse; of equal ones the first in the table comes first.
/// O(cases).
CaseRows case_rows(std::size_t cases, std::vector<std::string> heads, std::string worst_by,
                   const std::function<double(std::size_t)>& badness,
                   const std::function<std::vector<std::string>(std::size_t)>& row);

/// A number as a cell: four digits.
std::string cell(double value);

}  // namespace medperf::cohort
