#include <fmt/format.h>

#include "apps/metrics/answer.h"
#include "base/exit_codes.h"
#include "base/files.h"
#include "base/text_table.h"
#include "cohort/binary_evaluation.h"

namespace medperf::metrics_app {
namespace {

std::string number(const Json* value) {
  return value != nullptr && value->is_number() ? fmt::format("{:.4g}", value->as_double()) : "-";
}

std::string text_of(const Json& document) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string_view id : {"auc", "sensitivity", "specificity", "accuracy"}) {
    const Json& one = *document.find(id);
    rows.push_back({std::string(id), number(one.find("value")), number(one.find("low")),
                    number(one.find("high")), one.get_string("flag")});
  }
  const Json& counts = *document.find("counts");
  return table_text({"METRIC", "VALUE", "LOW", "HIGH", "REMARK"}, rows) +
         fmt::format(
             "\n{} cases, {} positive. At a score of at least {}: {} true and {} false "
             "positives, {} true and {} false negatives.\n",
             document.get_int("n"), document.get_int("n_positive"),
             document.find("threshold")->as_double(), counts.get_int("tp"), counts.get_int("fp"),
             counts.get_int("tn"), counts.get_int("fn"));
}

}  // namespace

Result<int> answer_classification(const Request& request) {
  cohort::BinaryOptions options;
  options.threshold = request.threshold;
  options.level = request.level;
  options.probabilities = false;
  MEDPERF_TRY(const std::string predictions, read_file(request.inputs[0]));
  MEDPERF_TRY(const std::string labels, read_file(request.inputs[1]));
  MEDPERF_TRY(const Json document, cohort::evaluate_binary_tables(predictions, labels, options));
  const std::string text = to_pretty_text(document) + "\n";
  MEDPERF_CHECK(save(request.json_file, text));
  MEDPERF_CHECK(print(request.json ? text : text_of(document)));
  return kExitOk;
}

}  // namespace medperf::metrics_app
