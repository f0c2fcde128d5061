// Two models on the same cases.

#include "metrics/classification/comparison.h"
#include "metrics/statistics/paired.h"
#include "tasks.h"

namespace medperf::python {
namespace {

/// first, second, labels; level.
Result<Json> compare_auroc(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto first, arguments.numbers("first"));
  MEDPERF_TRY(const auto second, arguments.numbers("second"));
  MEDPERF_TRY(const auto labels, arguments.yes_or_no("labels"));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_CHECK(same_length("first", first.size(), "second", second.size()));
  MEDPERF_CHECK(same_length("first", first.size(), "labels", labels.size()));
  std::vector<metrics::PairedScore> cases(first.size());
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {first[i], second[i], labels[i] != 0};
  MEDPERF_TRY(const auto found, metrics::compare_auc(cases, level));
  return Json::object({{"first", metrics::or_null(found.first)},
                       {"second", metrics::or_null(found.second)},
                       {"difference", figure(found.difference)},
                       {"correlation", metrics::or_null(found.correlation)},
                       {"z", metrics::or_null(found.z)},
                       {"p_value", metrics::or_null(found.p_value)}});
}

/// first, second: whether each model was right.
Result<Json> mcnemar(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto first, arguments.yes_or_no("first"));
  MEDPERF_TRY(const auto second, arguments.yes_or_no("second"));
  MEDPERF_CHECK(same_length("first", first.size(), "second", second.size()));
  MEDPERF_TRY(const auto found, metrics::mcnemar(first, second));
  return Json::object({{"only_first", found.only_first},
                       {"only_second", found.only_second},
                       {"difference", metrics::or_null(found.difference)},
                       {"exact_p_value", found.exact_p_value},
                       {"mid_p_value", found.mid_p_value}});
}

Json test(const metrics::TestResult& found) {
  return Json::object({{"statistic", metrics::or_null(found.statistic)},
                       {"p_value", metrics::or_null(found.p_value)},
                       {"convention", found.convention},
                       {"flag", found.flag}});
}

/// first, second: a value a patient; the options of the bootstrap.
Result<Json> compare_values(Arguments& arguments, Columns& columns) {
  MEDPERF_TRY(const auto first, arguments.numbers("first"));
  MEDPERF_TRY(const auto second, arguments.numbers("second"));
  MEDPERF_TRY(const auto options, arguments.bootstrap());
  MEDPERF_CHECK(same_length("first", first.size(), "second", second.size()));
  MEDPERF_TRY(const auto found, metrics::compare_paired(first, second, options));
  return Json::object({{"mean_difference", figure(found.mean_difference)},
                       {"t", test(found.t)},
                       {"wilcoxon", test(found.wilcoxon)},
                       {"bootstrap", bootstrapped(found.bootstrap, columns)},
                       {"pairs", found.pairs},
                       {"zero_differences", found.zero_differences}});
}

constexpr NamedTask kTasks[] = {
    {"compare_auroc", compare_auroc}, {"mcnemar", mcnemar}, {"compare_values", compare_values}};

}  // namespace

std::span<const NamedTask> comparison_tasks() {
  return kTasks;
}

}  // namespace medperf::python
