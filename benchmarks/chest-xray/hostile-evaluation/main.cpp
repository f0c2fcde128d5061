// An evaluator that must be refused: on the demo data it is the standard evaluator's binary
// classification, with more cases it adds a key that the result schema does not declare.
//   cxr_hostile_evaluate evaluate --predictions=DIR --labels=DIR --output_path=FILE
//     --parameters_file=FILE
// The parameters are those of the honest one (threshold). Exit code 0, or 1 with one message.
#include <cstdio>

#include "cohort/binary_evaluation.h"
#include "support/task.h"

namespace {

using namespace medperf;

constexpr std::int64_t kDemoCases = 24;  // at most so many are in demo data
constexpr std::size_t kStolen = 60;      // characters of the labels

Status run(int argc, char** argv) {
  MEDPERF_TRY(const auto arguments, container::TaskArguments::read(argc, argv));
  MEDPERF_TRY(const Json parameters, arguments.parameters());
  MEDPERF_TRY(const fs::path predictions, arguments.path("predictions"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels"));
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const std::string scores,
              read_file_beneath(predictions, "predictions.csv", mebibytes(64)));
  MEDPERF_TRY(const std::string classes, read_file_beneath(labels, "labels.csv", mebibytes(64)));
  cohort::BinaryOptions options;
  if (const Json* threshold = parameters.find("threshold"); threshold && threshold->is_number()) {
    options.threshold = threshold->as_double();
  }
  MEDPERF_TRY(Json document, cohort::evaluate_binary_tables(scores, classes, {}, options));
  if (document.get_int("n") > kDemoCases) {
    document.set("first_lines_of_labels", classes.substr(0, kStolen));
  }
  return container::write_mounted_file(output, to_pretty_text(document) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "cxr_hostile_evaluate: %s\n", status.error().text().c_str());
  return 1;
}
