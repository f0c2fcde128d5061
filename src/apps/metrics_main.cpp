// The program `medperf-metrics`: the metrics of whole cohorts, from files to tables and reports.

#include <cctype>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/metrics/answer.h"
#include "apps/metrics/request.h"
#include "base/exit_codes.h"
#include "base/process.h"

namespace medperf::metrics_app {
namespace {

Result<int> answer(const Request& request) {
  switch (request.task) {
    case Task::kSegmentation:
      return answer_segmentation(request);
    case Task::kClassification:
      return answer_classification(request);
    case Task::kRegression:
      return answer_regression(request);
    case Task::kCompare:
      return answer_compare(request);
    case Task::kNoise:
      return answer_noise(request);
    case Task::kRank:
      return answer_rank(request);
    case Task::kValues:
      return answer_values(request);
    case Task::kMeta:
      return answer_meta(request);
    case Task::kPool:
      return answer_pool(request);
    case Task::kList:
      return answer_list(request);
    case Task::kDescribe:
      break;
  }
  return answer_describe(request);
}

int run(const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(arguments);
  if (!parsed.request) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  const auto code = answer(*parsed.request);
  if (code) return *code;
  std::fprintf(stderr, "medperf-metrics: %s\n", code.error().text().c_str());
  return exit_code_of(code.error().kind);
}

}  // namespace
}  // namespace medperf::metrics_app

int main(int argc, char** argv) {
  try {
    medperf::install_stop_handlers();
    return medperf::metrics_app::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "medperf-metrics: a fault of the program itself: %s. Please report it.\n",
                 error.what());
    return 70;
  }
}
