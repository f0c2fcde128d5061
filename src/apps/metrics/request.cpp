#include "apps/metrics/request.h"

#include <CLI/CLI.hpp>

#include <sstream>

namespace medperf::metrics_app {
namespace {

constexpr char kExitCodes[] =
    "Exit codes: 0 done, 2 wrong input, 5 not found, 7 too large, 9 unavailable, 11 corrupt,\n"
    "13 some cases failed (the others are in the answer), 70 fault of the program, 130 "
    "interrupted.\n";

constexpr char kListOfCases[] =
    "One table (case_id,prediction,reference and, if wanted, patient,group), or two folders whose "
    "files are matched by name, or two files: the prediction first, then the reference.";

void add_answer(CLI::App& app, Request& request) {
  CLI::Option* const json = app.add_flag("--json", request.json, "The whole answer as JSON.");
  app.add_flag("--csv", request.csv, "The cases as CSV.")->excludes(json);
  app.add_option("--json-file", request.json_file, "Write the JSON to a file too.")
      ->type_name("FILE");
  app.add_option("--csv-file", request.csv_file, "Write the CSV to a file too.")->type_name("FILE");
  app.add_option("--html", request.html_file, "Write a report with plots, one file.")
      ->type_name("FILE");
}

void add_statistics(CLI::App& app, Request& request) {
  app.add_option("--level", request.level, "Level of the intervals (0.95).")
      ->check(CLI::Range(0.5, 0.9999))
      ->type_name("SHARE");
  app.add_option("--bootstrap", request.replicates, "Resamples of the bootstrap (2000).")
      ->check(CLI::Range(2, 1'000'000))
      ->type_name("N");
  app.add_option("--seed", request.seed, "Seed of the bootstrap (0).")->type_name("N");
  app.add_option("--threads", request.threads, "Cases at the same time (all cores).")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

void add_segmentation(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "segmentation", "Compare predicted with reference label maps, case by case.");
  app->add_option("inputs", request.inputs, kListOfCases)
      ->required()
      ->expected(1, 2)
      ->type_name("TABLE | PREDICTIONS REFERENCES");
  app->add_option("--region", request.regions,
                  "A region as a union of labels, e.g. WT=1,2,4. May be repeated.")
      ->expected(1)
      ->take_all()
      ->type_name("NAME=LABELS");
  app->add_option("--labels", request.labels, "Labels that are a region each, e.g. 1,2,3.")
      ->delimiter(',')
      ->type_name("LABELS");
  app->add_option("--metric", request.metrics,
                  "Ids of metrics (default: dice,hd95 and, with --tau, nsd).")
      ->delimiter(',')
      ->type_name("IDS");
  app->add_option("--tau", request.tau_mm, "Tolerances in mm, of nsd.")
      ->delimiter(',')
      ->type_name("MM");
  app->add_option("--lesion-policy", request.lesion_policy,
                  "Rules of a benchmark for the lesion-* metrics, e.g. brats-2023-gli.")
      ->type_name("ID");
  app->add_option("--spacing", request.spacing_mm,
                  "Size of a voxel (x,y,z in mm) for files that do not say it (PNG, NPY).")
      ->delimiter(',')
      ->expected(2, 3)
      ->type_name("MM");
  app->add_option_function<std::string>(
         "--resample",
         [&request](const std::string& rule) { request.resample_nearest = rule == "nearest"; },
         "What to do with a prediction on another grid: refuse (default) or nearest.")
      ->check(CLI::IsMember({"refuse", "nearest"}))
      ->type_name("RULE");
  app->add_flag("--quiet", request.quiet, "No progress bar.");
  add_statistics(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExamples:\n"
      "  medperf-metrics segmentation predictions/ references/ --region WT=1,2,4 --region ET=4 "
      "--tau 1\n"
      "  medperf-metrics segmentation cases.csv --labels 1,2,3 --html report.html\n");
  app->callback([&request] { request.task = Task::kSegmentation; });
}

void add_classification(CLI::App& root, Request& request) {
  CLI::App* const app =
      root.add_subcommand("classification",
                          "Compare scores with reference classes: AUROC and a decision at a "
                          "threshold.");
  app->add_option(
         "inputs", request.inputs,
         "predictions.csv (case_id,score, or case_id and a probability for each class) and "
         "labels.csv (case_id,label).")
      ->required()
      ->expected(2)
      ->type_name("PREDICTIONS LABELS");
  app->add_option("--threshold", request.threshold,
                  "A case is called positive if its score is at least this (0.5).")
      ->type_name("SCORE");
  app->add_option("--patients", request.patients,
                  "A table case_id,patient: the bootstrap draws patients.")
      ->type_name("FILE");
  add_statistics(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExample:\n  medperf-metrics classification predictions.csv labels.csv --threshold 0.5\n");
  app->callback([&request] { request.task = Task::kClassification; });
}

void add_regression(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "regression", "Compare predicted with reference numbers: errors and agreement.");
  app->add_option("table", request.inputs,
                  "A table case_id,prediction,reference and, if wanted, patient.")
      ->required()
      ->expected(1)
      ->type_name("TABLE");
  add_statistics(*app, request);
  add_answer(*app, request);
  app->footer("\nExample:\n  medperf-metrics regression volumes.csv --html report.html\n");
  app->callback([&request] { request.task = Task::kRegression; });
}

void add_vocabulary(CLI::App& root, Request& request) {
  CLI::App* const list = root.add_subcommand("list", "Show all metrics by id.");
  list->add_flag("--json", request.json, "Answer with JSON.");
  list->footer("\nExample:\n  medperf-metrics list\n");
  list->callback([&request] { request.task = Task::kList; });
  CLI::App* const describe = root.add_subcommand(
      "describe", "Explain a metric: definition, range, when to use it and when not.");
  describe->add_option("metric", request.inputs, "Its id.")
      ->required()
      ->expected(1)
      ->type_name("METRIC");
  describe->add_flag("--json", request.json, "Answer with JSON.");
  describe->footer("\nExample:\n  medperf-metrics describe hd95\n");
  describe->callback([&request] { request.task = Task::kDescribe; });
}

Parsed ended(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream complaint;
  const int code = app.exit(error, out, complaint);
  if (code == 0) return {std::nullopt, 0, out.str()};
  return {std::nullopt, 2, "medperf-metrics: " + complaint.str()};
}

}  // namespace

Parsed parse(const std::vector<std::string>& arguments) {
  Request request;
  CLI::App app("Metrics of medical images: segmentation, classification and regression of cohorts.",
               "medperf-metrics");
  app.set_help_flag("-h,--help", "Show this help.");
  app.set_version_flag("--version", "medperf-metrics " MEDPERF_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  medperf-metrics segmentation predictions/ references/ --labels 1,2\n\n" +
      std::string(kExitCodes));
  add_segmentation(app, request);
  add_classification(app, request);
  add_regression(app, request);
  add_vocabulary(app, request);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return ended(app, error);
  }
  return {std::move(request), 0, {}};
}

}  // namespace medperf::metrics_app
