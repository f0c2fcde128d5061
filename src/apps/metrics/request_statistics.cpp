// The command line of what takes measured figures further: several models, several sites.

#include "apps/metrics/request_parts.h"

namespace medperf::metrics_app {
namespace {

/// The table of values per case, and how it is read.
void add_values_rules(CLI::App& app, Request& request) {
  app.add_option("--metric", request.metrics, "What the values are, by id, e.g. dice.")
      ->expected(1)
      ->type_name("ID");
  app.add_option("--missing", request.missing,
                 "Of an empty cell: refuse (default), leave-out (the case, for all columns, and "
                 "counted), or the number that stands for it, such as the benchmark's penalty.")
      ->type_name("RULE");
}

void add_better(CLI::App& app, Request& request) {
  app.add_option("--better", request.better,
                 "Which value is better, higher or lower (default: as the metric has it).")
      ->check(CLI::IsMember({"higher", "lower"}))
      ->type_name("SIDE");
}

void add_threshold(CLI::App& app, Request& request) {
  app.add_option("--threshold", request.threshold,
                 "A case is called positive if its score is at least this (0.5).")
      ->type_name("SCORE");
}

void add_models(CLI::App& app, Request& request) {
  app.add_option("inputs", request.inputs,
                 "With --labels: the predictions of each model, a table each (case_id,score, or "
                 "case_id and a probability for each class). Without: one table of values per "
                 "case, case_id, patient if wanted, and a column for each model; or what "
                 "segmentation wrote of each model with --csv-file, and --metric.")
      ->required()
      ->expected(1, 64)
      ->type_name("FILE...");
  app.add_option("--labels", request.labels_file, "The reference classes (case_id,label).")
      ->type_name("FILE");
  app.add_option("--patients", request.patients,
                 "With --labels: a table case_id,patient; resamples draw patients.")
      ->type_name("FILE");
  add_values_rules(app, request);
  app.add_option("--region", request.regions, "Of segmentation's tables: the region.")
      ->expected(1)
      ->type_name("NAME");
  app.add_option("--tau", request.tau_mm, "Of segmentation's tables: the tolerance.")
      ->expected(1)
      ->type_name("MM");
  app.add_option("--part", request.part, "Of segmentation's tables: the part, e.g. prediction.")
      ->type_name("NAME");
  add_threshold(app, request);
}

}  // namespace

void add_compare(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "compare",
      "Compare two or more models on the same cases: is the difference more than "
      "chance?");
  add_models(*app, request);
  add_statistics(*app, request);
  add_bootstrap_interval(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExamples:\n"
      "  medperf-metrics compare model-a.csv model-b.csv --labels labels.csv\n"
      "  medperf-metrics compare dice-per-case.csv --metric dice --missing 0\n"
      "  medperf-metrics compare model-a-cases.csv model-b-cases.csv --metric dice --region WT\n");
  app->callback([&request] { request.task = Task::kCompare; });
}

void add_meta(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "meta", "Pool one figure of several sites: a random-effects meta-analysis.");
  app->add_option("table", request.inputs,
                  "A table of sites: site,estimate,se, or with n_positive,n_negative beside them "
                  "for areas under the ROC curve, or site,events,n, or site,tp,fn,tn,fp.")
      ->required()
      ->expected(1)
      ->type_name("TABLE");
  app->add_option("--scale", request.scale,
                  "Where sites are pooled: logit (areas, proportions, means of overlaps) or "
                  "identity (distances, differences). Counts: logit unless told otherwise; "
                  "estimates must be told.")
      ->check(CLI::IsMember({"logit", "identity"}))
      ->type_name("SCALE");
  app->add_option("--tau2", request.estimator,
                  "Estimator of the variance between sites: reml (default), dl (DerSimonian, "
                  "Laird), pm (Paule, Mandel), or none for a common effect.")
      ->check(CLI::IsMember({"reml", "dl", "pm", "none"}))
      ->type_name("NAME");
  app->add_option("--interval", request.interval,
                  "Of the pooled figure: hksj (Hartung, Knapp, floored; default), hksj-unfloored "
                  "or wald.")
      ->check(CLI::IsMember({"hksj", "hksj-unfloored", "wald"}))
      ->type_name("KIND");
  app->add_option("--prediction", request.prediction,
                  "Quantile of the prediction interval: k-2 (Student with two degrees less than "
                  "sites; default), or interval for that of "
                  "the interval, as metafor has it.")
      ->check(CLI::IsMember({"k-2", "interval"}))
      ->type_name("KIND");
  add_level(*app, request);
  add_answer(*app, request, "The sites and what is pooled of them, a row each, as CSV.");
  app->footer(
      "\nExamples:\n"
      "  medperf-metrics meta sensitivity-of-sites.csv\n"
      "  medperf-metrics meta auroc-of-sites.csv --scale logit --csv-file forest.csv\n");
  app->callback([&request] { request.task = Task::kMeta; });
}

void add_rank(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "rank", "Order two or more models on the same cases, each place with its interval.");
  add_models(*app, request);
  add_better(*app, request);
  app->add_option("--interval", request.interval,
                  "Of the ranks: pairwise (default; holds for all models at once, also when they "
                  "tie), percentile or simultaneous.")
      ->check(CLI::IsMember({"pairwise", "percentile", "simultaneous"}))
      ->type_name("KIND");
  add_statistics(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExamples:\n"
      "  medperf-metrics rank dice-per-case.csv --metric dice --missing 0\n"
      "  medperf-metrics rank model-a.csv model-b.csv model-c.csv --labels labels.csv\n");
  app->callback([&request] { request.task = Task::kRank; });
}

void add_values(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "values", "Mean and quantiles of values per case, of all and of each group.");
  app->add_option("table", request.inputs,
                  "A table of values per case: case_id, patient and group if wanted, and a column "
                  "or more.")
      ->required()
      ->expected(1)
      ->type_name("TABLE");
  add_values_rules(*app, request);
  add_better(*app, request);
  app->add_option("--quantile", request.quantiles, "Shares below the quantiles (0.5, the median).")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SHARES");
  app->add_option("--interval", request.interval,
                  "Of the means: t (Student's, default) or bootstrap. Where a patient has several "
                  "cases it is always the bootstrap's.")
      ->check(CLI::IsMember({"t", "bootstrap"}))
      ->type_name("KIND");
  add_minimum_patients(*app, request);
  add_statistics(*app, request);
  add_bootstrap_interval(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExample:\n"
      "  medperf-metrics values dice-per-case.csv --metric dice --quantile 0.05,0.5\n");
  app->callback([&request] { request.task = Task::kValues; });
}

void add_noise(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "noise", "How far would the figures move if a share of the reference labels were wrong?");
  app->add_option("inputs", request.inputs,
                  "predictions.csv (case_id,score) and labels.csv (case_id,label).")
      ->required()
      ->expected(2)
      ->type_name("PREDICTIONS LABELS");
  app->add_option("--share", request.shares, "Shares of wrong labels (0.01,0.05,0.1).")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 0.5))
      ->type_name("SHARES");
  add_threshold(*app, request);
  add_statistics(*app, request);
  add_answer(*app, request);
  app->footer(
      "\nExample:\n"
      "  medperf-metrics noise predictions.csv labels.csv --share 0.02,0.05\n");
  app->callback([&request] { request.task = Task::kNoise; });
}

}  // namespace medperf::metrics_app
