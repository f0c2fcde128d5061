// The evaluation container's program: predictions and labels in, one result document out.
//   cxr_evaluate evaluate --predictions=DIR --labels=DIR --output_path=FILE --parameters_file=FILE
// Parameters: threshold (fixed by the benchmark), demo_undeclared_key_above (see README.md).
// The document is JSON with unrounded doubles, and JSON is YAML. Exit code 0, or 1 with one
// message.
#include <cstdio>

#include "cohort/binary_evaluation.h"
#include "support/task.h"

namespace {

using namespace medperf;
using cxr::TaskArguments;

Result<cohort::BinaryOptions> read_options(const Json& parameters) {
  const Json* threshold = parameters.find("threshold");
  if (threshold == nullptr || !threshold->is_number() || threshold->as_double() < 0 ||
      threshold->as_double() > 1) {
    return make_error(ErrorKind::kInvalid, "parameters: threshold",
                      "it is missing or not a number in [0, 1]",
                      "See evaluation/parameters.yaml of the benchmark.");
  }
  cohort::BinaryOptions options;
  options.threshold = threshold->as_double();
  return options;
}

Status evaluate(const TaskArguments& arguments) {
  MEDPERF_TRY(const Json parameters, arguments.parameters());
  MEDPERF_TRY(const auto options, read_options(parameters));
  MEDPERF_TRY(const fs::path predictions, arguments.path("predictions"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels"));
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const std::string scores,
              read_file_beneath(predictions, "predictions.csv", mebibytes(64)));
  MEDPERF_TRY(const std::string classes, read_file_beneath(labels, "labels.csv", mebibytes(64)));
  MEDPERF_TRY(Json document, cohort::evaluate_binary_tables(scores, classes, options));
  const std::int64_t leak_above = parameters.get_int("demo_undeclared_key_above");
  if (leak_above > 0 && document.get_int("n") > leak_above) {
    // What a hostile evaluator might add once the demo data have let it pass; the site must refuse.
    document.set("first_lines_of_labels", classes.substr(0, 60));
  }
  return cxr::write_mounted_file(output, to_pretty_text(document) + "\n");
}

Status run(int argc, char** argv) {
  MEDPERF_TRY(const TaskArguments arguments, TaskArguments::read(argc, argv));
  if (arguments.task() == "evaluate") return evaluate(arguments);
  return make_error(ErrorKind::kInvalid, "task", "there is no such task", "The task is evaluate.");
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "cxr_evaluate: %s\n", status.error().text().c_str());
  return 1;
}
