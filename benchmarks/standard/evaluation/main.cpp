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
#include <thread>

#include "cohort/binary_evaluation.h"
#include "cohort/case_list.h"
#include "cohort/classification.h"
#include "cohort/cohort_document.h"
#include "cohort/keyed_table.h"
#include "cohort/regression.h"
#include "cohort/segmentation.h"
#include "cohort/site_summary.h"
#include "cohort/summary.h"
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

Result<Json> segmentation(const fs::path& predictions, const fs::path& labels,
                          const Parameters& parameters) {
  const auto cases = cohort::match_folders(predictions, labels);
  if (!cases) {  // its place may be the name of a case
    return make_error(cases.error().kind, "predictions or labels", cases.error().what,
                      cases.error().advice);
  }
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
  MEDPERF_TRY(const auto summaries, cohort::summarise(result, parameters.bootstrap));
  Json document = Json::object({{"format", "medperf/evaluation/v1"},
                                {"kind", "segmentation"},
                                {"program", kProgram},
                                {"n_cases", result.cases.size()},
                                {"n_failed", result.failed()}});
  Json regions = Json::object();
  for (const cohort::Summary& one : summaries) {
    const cohort::Column& column = result.columns[one.column];
    if (regions.find(column.region) == nullptr) regions.set(column.region, Json::object());
    std::string name = column.metric;
    if (column.tau_mm) name += fmt::format("_{}mm", *column.tau_mm);
    if (!column.part.empty()) name += "_" + column.part;
    regions.find(column.region)->set(name, document_of(result, one));
  }
  document.set("regions", std::move(regions));
  if (parameters.summary) document.set("summary", std::move(merged));
  return document;
}

/// Without what plots are drawn from: curves hold the scores of single cases.
Json figures_only(cohort::FigureSet set, const Json& options) {
  auto& members = set.more.members();
  std::erase_if(members, [](const Json::Member& member) {
    return member.first == "roc" || member.first == "reliability" || member.first == "agreement" ||
           member.first == "decision_curve";
  });
  return cohort::figures_document(set, kProgram, options);
}

/// One table of predictions.csv (case_id,prediction) and labels.csv (case_id,reference).
Result<std::string> joined(std::string_view predictions, std::string_view labels) {
  MEDPERF_TRY(const cohort::KeyedTable predicted,
              cohort::read_keyed_table(predictions, "predictions.csv"));
  MEDPERF_TRY(const cohort::KeyedTable referenced, cohort::read_keyed_table(labels, "labels.csv"));
  const auto prediction = predicted.table.column("prediction");
  const auto reference = referenced.table.column("reference");
  if (!prediction || !reference || predicted.row_of.size() != referenced.row_of.size()) {
    return make_error(ErrorKind::kInvalid, "predictions.csv and labels.csv",
                      "they are not case_id,prediction and case_id,reference of the same cases",
                      "The model must write one prediction for every case it was given.");
  }
  std::string table = "case_id,prediction,reference\n";
  for (std::size_t i = 0; i < referenced.table.rows.size(); ++i) {
    const auto& row = referenced.table.rows[i];
    const auto found = predicted.row_of.find(row[referenced.id]);
    if (found == predicted.row_of.end()) {
      return cohort::bad_row("labels.csv", i, "its case has no prediction",
                             "The model must write one prediction for every case it was given.");
    }
    table += fmt::format("{},{},{}\n", i, predicted.table.rows[found->second][*prediction],
                         row[*reference]);
  }
  return table;
}

Result<Json> evaluate_kind(const fs::path& predictions, const fs::path& labels,
                           const Parameters& parameters, const Json& options) {
  if (parameters.kind == "segmentation") return segmentation(predictions, labels, parameters);
  MEDPERF_TRY(const std::string scores,
              read_file_beneath(predictions, "predictions.csv", mebibytes(64)));
  MEDPERF_TRY(const std::string classes, read_file_beneath(labels, "labels.csv", mebibytes(64)));
  if (parameters.kind == "regression") {
    MEDPERF_TRY(const std::string table, joined(scores, classes));
    MEDPERF_TRY(auto set, cohort::evaluate_regression(table, parameters.bootstrap));
    return figures_only(std::move(set), options);
  }
  std::string patients;
  if (auto table = read_file_beneath(labels, "patients.csv", mebibytes(64))) {
    patients = std::move(table).value();
  }
  const cohort::ClassificationOptions chosen{parameters.threshold, parameters.bootstrap};
  Json document;
  if (parameters.kind == "binary-classification") {
    MEDPERF_TRY(document, cohort::evaluate_binary_tables(scores, classes, parameters.binary()));
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
  parameters.segmentation.threads =
      static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  MEDPERF_TRY(const fs::path predictions, arguments.path("predictions"));
  MEDPERF_TRY(const fs::path labels, arguments.path("labels"));
  MEDPERF_TRY(const fs::path output, arguments.path("output_path"));
  MEDPERF_TRY(const Json document, evaluate_kind(predictions, labels, parameters, options));
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
