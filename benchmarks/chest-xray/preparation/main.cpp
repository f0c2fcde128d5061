// The preparation container's program: a hospital's export in, prepared data and labels out.
//   cxr_prepare prepare      --data_path=RAW --labels_path=RAW --output_path=DIR
//   --output_labels_path=DIR cxr_prepare sanity_check --data_path=DIR --labels_path=DIR cxr_prepare
//   statistics   --data_path=DIR --labels_path=DIR --output_path=FILE
// and --parameters_file=FILE for each. Exit code 0, or 1 with one message on standard error.
#include <cstdio>

#include "base/yaml.h"
#include "prep/image_cohort.h"
#include "support/task.h"

namespace {

using namespace medperf;
using container::TaskArguments;

/// From the parameters image_side, minimum_cell, findings (word -> 0 or 1).
Result<prep::ImageCohortRules> read_rules(const TaskArguments& arguments) {
  MEDPERF_TRY(const Json parameters, arguments.parameters());
  prep::ImageCohortRules rules;
  const std::int64_t side = parameters.get_int("image_side", 28);
  rules.minimum_cell = parameters.get_int("minimum_cell", 5);
  const Json* findings = parameters.find("findings");
  if (side < 1 || side > 4096 || rules.minimum_cell < 1 || findings == nullptr ||
      !findings->is_object()) {
    return make_error(ErrorKind::kInvalid, "parameters",
                      "image_side, minimum_cell or findings is missing or out of range",
                      "See preparation/parameters.yaml of the benchmark.");
  }
  rules.side = static_cast<std::uint32_t>(side);
  for (const auto& [word, label] : findings->members()) {
    if (!label.is_int() || label.as_int() < 0 || label.as_int() > 1) {
      return make_error(ErrorKind::kInvalid, "parameters: findings", "a label is neither 0 nor 1",
                        "Map each word to 0 or 1.");
    }
    rules.findings.emplace(word, static_cast<int>(label.as_int()));
  }
  return rules;
}

Status prepare(const TaskArguments& arguments, const prep::ImageCohortRules& rules) {
  MEDPERF_TRY(const fs::path data, arguments.path("data_path"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels_path"));
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const fs::path output_labels, arguments.path("output_labels_path"));
  MEDPERF_TRY(const auto cohort, prep::prepare_image_cohort(data, labels, rules));
  MEDPERF_TRY(const int written, prep::write_prepared(cohort, output, output_labels));
  if (written == 0) {
    std::printf("%zu cases were prepared already, nothing was written\n", cohort.size());
  } else {
    std::printf("%zu cases prepared, %d files written\n", cohort.size(), written);
  }
  return {};
}

Result<prep::PreparedCohort> checked_cohort(const TaskArguments& arguments,
                                            const prep::ImageCohortRules& rules) {
  MEDPERF_TRY(const fs::path data, arguments.path("data_path"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels_path"));
  MEDPERF_TRY(auto cohort, prep::read_prepared(data, labels, rules));
  MEDPERF_CHECK(prep::check_cohort(cohort));
  return cohort;
}

Status sanity_check(const TaskArguments& arguments, const prep::ImageCohortRules& rules) {
  MEDPERF_TRY(const auto cohort, checked_cohort(arguments, rules));
  std::printf("%zu cases checked: images, ids and labels agree\n", cohort.size());
  return {};
}

Status statistics(const TaskArguments& arguments, const prep::ImageCohortRules& rules) {
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const auto cohort, checked_cohort(arguments, rules));
  return container::write_mounted_file(output, to_yaml(prep::describe_cohort(cohort, rules)));
}

Status run(int argc, char** argv) {
  MEDPERF_TRY(const TaskArguments arguments, TaskArguments::read(argc, argv));
  const auto task = arguments.task() == "prepare"        ? prepare
                    : arguments.task() == "sanity_check" ? sanity_check
                    : arguments.task() == "statistics"   ? statistics
                                                         : nullptr;
  if (task == nullptr) {
    return make_error(ErrorKind::kInvalid, "task", "there is no such task",
                      "Tasks: prepare, sanity_check, statistics.");
  }
  MEDPERF_TRY(const auto rules, read_rules(arguments));
  return task(arguments, rules);
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "cxr_prepare: %s\n", status.error().text().c_str());
  return 1;
}
