// The standard evaluator: predictions and labels in, one result document out, for any benchmark
// whose metrics are in the vocabulary. parameters.yaml chooses.
//   medperf_evaluate evaluate --predictions=DIR --labels=DIR --output_path=FILE
//     --parameters_file=FILE
// The document holds figures of the cohort only: no case, no file name. Exit code 0, or 1 with one
// message, which names none either.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <span>
#include <thread>

#include "cohort/binary_evaluation.h"
#include "cohort/case_list.h"
#include "cohort/classification.h"
#include "cohort/cohort_document.h"
#include "cohort/regression.h"
#include "cohort/segmentation.h"
#include "cohort/site_summary.h"
#include "cohort/summary.h"
#include "cohort/units.h"
#include "metrics/estimate_json.h"
#include "metrics/pooling/summary_json.h"
#include "parameters.h"
#include "support/task.h"

namespace {

using namespace medperf;
using container::TaskArguments;
using evaluator::Parameters;

constexpr std::string_view kProgram = "medperf_evaluate " MEDPERF_VERSION;

Json document_of(const cohort::CohortResult& result, const cohort::Summary& summary) {
  const auto& spread = summary.spread;
  Json undefined = Json::object();
  for (const auto& [reason, cases] : summary.undefined) undefined.set(reason, cases);
  Json row = Json::object();
  metrics::set_members(row, summary.mean);
  row.set("n", summary.n);
  row.set("undefined", undefined);
  row.set("q25", spread ? Json(spread->q25) : Json());
  row.set("median", spread ? Json(spread->median) : Json());
  row.set("q75", spread ? Json(spread->q75) : Json());
  row.set("convention", cohort::convention_of(result, summary.column));
  return row;
}

/// `regions.NAME.METRIC`, and where cases have groups `groups.GROUP.NAME.METRIC`.
void add_figures(const cohort::CohortResult& result, std::span<const cohort::Summary> summaries,
                 Json& document) {
  const auto child = [](Json& parent, const std::string& key) -> Json& {
    if (parent.find(key) == nullptr) parent.set(key, Json::object());
    return *parent.find(key);
  };
  for (const cohort::Summary& one : summaries) {
    const cohort::Column& column = result.columns[one.column];
    Json& home = one.group.empty() ? child(document, "regions")
                                   : child(child(document, "groups"), one.group);
    std::string name = column.metric;
    if (column.tau_mm) name += fmt::format("_{}mm", *column.tau_mm);
    if (!column.part.empty()) name += "_" + column.part;
    Json row = document_of(result, one);
    if (!one.group.empty()) {
      row.set("n_patients", one.patients);
    } else if (cohort::has_groups(result)) {
      row.set("worst_group", one.worst_group.empty() ? Json() : Json(one.worst_group));
      row.set("gap", metrics::or_null(one.gap));
    }
    child(home, column.region).set(name, std::move(row));
  }
}

/// How many cases failed for which reason, without their names.
void tell_failures(const cohort::CohortResult& result) {
  std::map<std::string, int> reasons;
  for (const cohort::CaseResult& one : result.cases) {
    if (one.failure)
      ++reasons[fmt::format("{} ({})", to_string(one.failure->kind), one.failure->what)];
  }
  for (const auto& [reason, cases] : reasons) {
    std::fprintf(stderr, "medperf_evaluate: %d cases failed: %s\n", cases, reason.c_str());
  }
}

/// labels/patients.csv, if there is one. One that cannot be read is not one that is not there.
Result<std::optional<std::string>> read_patients(const fs::path& labels) {
  auto table = read_file_beneath(labels, std::string(cohort::kUnitFile), mebibytes(64));
  if (table.ok()) return std::optional(std::move(table).value());
  if (table.error().kind == ErrorKind::kNotFound) return std::optional<std::string>();
  return make_error(table.error().kind, std::string(cohort::kUnitFile), table.error().what,
                    table.error().advice);
}

Result<Json> segmentation(const fs::path& predictions, const fs::path& labels,
                          const Parameters& parameters) {
  auto cases = cohort::match_folders(predictions, labels);
  if (!cases) {  // its place may be the name of a case
    return make_error(cases.error().kind, "predictions or labels", cases.error().what,
                      cases.error().advice);
  }
  MEDPERF_TRY(const auto patients, read_patients(labels));
  if (patients) MEDPERF_CHECK(cohort::give_units(*patients, *cases));
  MEDPERF_TRY(const auto result, cohort::measure_segmentations(*cases, parameters.segmentation));
  tell_failures(result);
  if (result.failed() == result.cases.size()) {
    return make_error(ErrorKind::kInvalid, "predictions", "no case could be measured",
                      "The reasons are above.");
  }
  Json merged;
  if (parameters.summary) {
    MEDPERF_TRY(const auto summary,
                cohort::summarise_segmentations(result, parameters.segmentation));
    merged = metrics::summary_document(summary, kProgram);
  }
  MEDPERF_TRY(const auto summaries,
              cohort::summarise(result, parameters.bootstrap, parameters.minimum_patients));
  Json document = Json::object({{"format", "medperf/evaluation/v1"},
                                {"kind", "segmentation"},
                                {"program", kProgram},
                                {"n_cases", result.cases.size()},
                                {"n_failed", result.failed()}});
  add_figures(result, summaries, document);
  if (parameters.summary) document.set("summary", std::move(merged));
  return document;
}

/// Without what plots are drawn from: curves hold the scores of single cases.
Json figures_only(cohort::FigureSet set, const Json& options) {
  set.curves = Json::object();
  return cohort::figures_document(set, kProgram, options);
}

/// The kinds whose predictions and labels are tables.
Result<Json> evaluate_tables(const fs::path& predictions, const fs::path& labels,
                             const Parameters& parameters, const Json& options) {
  MEDPERF_TRY(const std::string scores,
              read_file_beneath(predictions, "predictions.csv", mebibytes(64)));
  MEDPERF_TRY(const std::string classes, read_file_beneath(labels, "labels.csv", mebibytes(64)));
  MEDPERF_TRY(const auto patients, read_patients(labels));
  if (parameters.kind == "regression") {
    MEDPERF_TRY(const auto numbers, cohort::join_numbers(scores, classes, patients));
    MEDPERF_TRY(auto set, cohort::evaluate_regression(numbers, parameters.bootstrap,
                                                      parameters.minimum_patients));
    Json document = figures_only(std::move(set), options);
    if (parameters.summary) {
      MEDPERF_TRY(const auto summary, cohort::summarise_regression(numbers));
      document.set("summary", metrics::summary_document(summary, kProgram));
    }
    return document;
  }
  cohort::ClassificationOptions chosen{parameters.threshold, parameters.bootstrap};
  chosen.minimum_patients = parameters.minimum_patients;
  Json document;
  if (parameters.kind == "binary-classification") {
    MEDPERF_TRY(document,
                cohort::evaluate_binary_tables(scores, classes, patients, parameters.binary()));
  } else {
    MEDPERF_TRY(auto set, cohort::evaluate_classification(scores, classes, patients, chosen));
    document = figures_only(std::move(set), options);
  }
  if (parameters.summary) {
    MEDPERF_TRY(const auto summary,
                cohort::summarise_classification(scores, classes, patients, chosen));
    document.set("summary", metrics::summary_document(summary, kProgram));
  }
  return document;
}

Status run(int argc, char** argv) {
  MEDPERF_TRY(const TaskArguments arguments, TaskArguments::read(argc, argv));
  if (arguments.task() != "evaluate") {
    return make_error(ErrorKind::kInvalid, "task", "there is no such task",
                      "The task is evaluate.");
  }
  MEDPERF_TRY(const Json options, arguments.parameters());
  MEDPERF_TRY(Parameters parameters, evaluator::read_parameters(options));
  parameters.segmentation.threads = parameters.bootstrap.threads =
      static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  MEDPERF_TRY(const fs::path predictions, arguments.path("predictions"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels"));
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const Json document, parameters.kind == "segmentation"
                                       ? segmentation(predictions, labels, parameters)
                                       : evaluate_tables(predictions, labels, parameters, options));
  return container::write_mounted_file(output, to_pretty_text(document) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Status status = run(argc, argv);
    if (status.ok()) return 0;
    std::fprintf(stderr, "medperf_evaluate: %s\n", status.error().text().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "medperf_evaluate: a fault of the program itself: %s. Please report it.\n",
                 error.what());
  }
  return 1;
}
