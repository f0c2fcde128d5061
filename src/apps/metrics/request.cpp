#include "apps/metrics/request.h"

#include <sstream>

#include "apps/metrics/request_parts.h"
#include "apps/roff.h"

namespace medperf::metrics_app {

void add_answer(CLI::App& app, Request& request, const char* csv) {
  CLI::Option* const json = app.add_flag("--json", request.json, "The whole answer as JSON.");
  app.add_flag("--csv", request.csv, csv)->excludes(json);
  app.add_option("--json-file", request.json_file, "Write the JSON to a file too.")
      ->type_name("FILE");
  app.add_option("--csv-file", request.csv_file, "Write the CSV to a file too.")->type_name("FILE");
  app.add_option("--html", request.html_file, "Write a report with plots, one file.")
      ->type_name("FILE");
}

void add_level(CLI::App& app, Request& request) {
  app.add_option("--level", request.level, "Level of the intervals (0.95).")
      ->check(CLI::Range(0.5, 0.9999))
      ->type_name("SHARE");
}

void add_statistics(CLI::App& app, Request& request) {
  add_level(app, request);
  app.add_option("--bootstrap", request.replicates, "Resamples of the bootstrap (2000).")
      ->check(CLI::Range(2, 1'000'000))
      ->type_name("N");
  app.add_option("--seed", request.seed, "Seed of the bootstrap (0).")->type_name("N");
  app.add_option("--threads", request.threads, "Cases at the same time (all cores).")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

void add_minimum_patients(CLI::App& app, Request& request) {
  app.add_option("--minimum-patients", request.minimum_patients,
                 "A group with fewer patients has no figure (10).")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
}

void add_bootstrap_interval(CLI::App& app, Request& request) {
  app.add_option("--bootstrap-interval", request.bootstrap_interval,
                 "Of resampled figures: percentile (default), or bca, which corrects bias and "
                 "skew and measures once more without each patient.")
      ->check(CLI::IsMember({"percentile", "bca"}))
      ->type_name("KIND");
}

void add_summary(CLI::App& app, Request& request, const char* sentence) {
  app.add_option("--summary-file", request.summary_file, sentence)->type_name("FILE");
}

namespace {

constexpr char kSentence[] =
    "Metrics of medical images: segmentation, classification and regression of cohorts.";

constexpr char kExitCodes[] =
    "Exit codes: 0 done, 2 wrong input, 5 not found, 6 sites with other rules, 7 too large,\n9 "
    "unavailable, 11 corrupt, "
    "13 some cases failed (the others are in the answer), 70 fault of the program, 130 "
    "interrupted.\n";

constexpr char kListOfCases[] =
    "One table (case_id,prediction,reference and, if wanted, patient,group), or two folders whose "
    "files are matched by name, or two files: the prediction first, then the reference.";

constexpr char kSummary[] =
    "Write what this site sends to be pooled with others: counts and sums, no case (docs/metrics/"
    "pooling.md says what it reveals).";

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
  app->add_option("--iou-above", request.iou_above,
                  "Of panoptic metrics: instances match above this IoU (0.5).")
      ->type_name("IOU");
  app->add_option("--matching", request.matching,
                  "Of panoptic metrics, below 0.5: greedy (default) or optimal.")
      ->check(CLI::IsMember({"greedy", "optimal"}))
      ->type_name("RULE");
  app->add_option("--connectivity", request.connectivity,
                  "Neighbours of a voxel in an instance of the panoptic metrics: 6, 18 or 26 "
                  "(default).")
      ->check(CLI::IsMember({6, 18, 26}))
      ->type_name("N");
  app->add_flag("--instance-maps", request.instance_maps,
                "Every label is one instance; panoptic metrics are those of whole maps.");
  app->add_option("--spacing", request.spacing_mm,
                  "Size of a voxel (x,y,z in mm) for files that do not say it (PNG, NPY).")
      ->delimiter(',')
      ->take_all()
      ->type_name("MM");
  app->add_option_function<std::string>(
         "--resample",
         [&request](const std::string& rule) { request.resample_nearest = rule == "nearest"; },
         "What to do with a prediction on another grid: refuse (default) or nearest.")
      ->check(CLI::IsMember({"refuse", "nearest"}))
      ->type_name("RULE");
  app->add_option("--largest-map", request.largest_map_mib,
                  "The largest label map that is read, unpacked, in MiB (1024).")
      ->check(CLI::Range(1, 65536))
      ->type_name("MIB");
  app->add_flag("--quiet", request.quiet, "No progress bar.");
  add_minimum_patients(*app, request);
  add_statistics(*app, request);
  add_bootstrap_interval(*app, request);
  add_summary(*app, request, kSummary);
  add_answer(*app, request, "One row a case and figure, as CSV.");
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
                          "Compare scores with reference classes: two, several, or several "
                          "labels a case.");
  app->add_option(
         "inputs", request.inputs,
         "predictions.csv (case_id,score, or case_id and a probability for each class or label) "
         "and labels.csv (case_id,label, or case_id and 0 or 1 for each label).")
      ->required()
      ->expected(2)
      ->type_name("PREDICTIONS LABELS");
  app->add_option("--threshold", request.threshold,
                  "A case is called positive if its score is at least this (0.5).")
      ->type_name("SCORE");
  app->add_option("--top-k", request.top_k,
                  "Of several classes: right if the class is among the k most probable (2).")
      ->check(CLI::Range(1, 10'000))
      ->type_name("K");
  app->add_option(
         "--patients", request.patients,
         "A table case_id with patient, group or both: where patients repeat, every interval "
         "draws patients; each group has figures of its own.")
      ->type_name("FILE");
  add_minimum_patients(*app, request);
  app->add_option("--proportion-interval", request.proportions,
                  "wilson (default), or clopper-pearson: exact, wider.")
      ->check(CLI::IsMember({"wilson", "clopper-pearson"}))
      ->type_name("KIND");
  app->add_option("--auroc-interval", request.areas,
                  "delong (default), or logit: for good models, near 1.")
      ->check(CLI::IsMember({"delong", "logit"}))
      ->type_name("KIND");
  add_statistics(*app, request);
  add_bootstrap_interval(*app, request);
  add_summary(*app, request, kSummary);
  add_answer(*app, request);
  app->footer(
      "\nExample:\n  medperf-metrics classification predictions.csv labels.csv --threshold 0.5\n");
  app->callback([&request] { request.task = Task::kClassification; });
}

void add_regression(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "regression", "Compare predicted with reference numbers: errors and agreement.");
  app->add_option("table", request.inputs,
                  "A table case_id,prediction,reference and, if wanted, patient and group.")
      ->required()
      ->expected(1)
      ->type_name("TABLE");
  add_minimum_patients(*app, request);
  add_statistics(*app, request);
  add_bootstrap_interval(*app, request);
  add_summary(*app, request, kSummary);
  add_answer(*app, request);
  app->footer("\nExample:\n  medperf-metrics regression volumes.csv --html report.html\n");
  app->callback([&request] { request.task = Task::kRegression; });
}

void add_pool(CLI::App& root, Request& request) {
  CLI::App* const app = root.add_subcommand(
      "pool", "Pool the summaries of sites: the figures of all cases, which stay at their sites.");
  app->add_option("summaries", request.inputs,
                  "What each site wrote with --summary-file; pooled ones too. Each site once.")
      ->required()
      ->expected(1, 10'000)
      ->type_name("FILE...");
  add_level(*app, request);
  add_summary(*app, request, "Write the merged summary, to be pooled further.");
  add_answer(*app, request);
  app->footer(
      "\nExample:\n"
      "  medperf-metrics classification predictions.csv labels.csv --summary-file site-a.json\n"
      "  medperf-metrics pool site-a.json site-b.json site-c.json\n");
  app->callback([&request] { request.task = Task::kPool; });
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

/// An option that takes a list takes it as one word (1,2,3) or is repeated: the words after it are
/// inputs, wherever they stand.
void one_word_each(CLI::App& app) {
  for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* const option : command->get_options()) {
      if (!option->get_positional()) option->allow_extra_args(false);
    }
  }
}

void build(CLI::App& app, Request& request) {
  app.set_help_flag("-h,--help", "Show this help.");
  app.set_version_flag("--version", "medperf-metrics " MEDPERF_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  medperf-metrics segmentation predictions/ references/ --labels 1,2\n\n" +
      std::string(kExitCodes));
  add_segmentation(app, request);
  add_classification(app, request);
  add_regression(app, request);
  add_values(app, request);
  add_compare(app, request);
  add_rank(app, request);
  add_noise(app, request);
  add_meta(app, request);
  add_pool(app, request);
  add_vocabulary(app, request);
  one_word_each(app);
}

/// "--tau MM", "--json", "TABLE | PREDICTIONS REFERENCES".
std::string term_of(const CLI::Option& option) {
  std::string term = option.get_positional() ? "" : option.get_name(false, true);
  std::string value = option.get_type_name();
  value.erase(std::min(value.find(':'), value.size()));  // checks are said by the sentence
  if (!value.empty() && option.get_expected_max() > 0) term += (term.empty() ? "" : " ") + value;
  return term;
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of('\n'));
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

}  // namespace

Parsed parse(const std::vector<std::string>& arguments) {
  Request request;
  CLI::App app(kSentence, "medperf-metrics");
  build(app, request);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return ended(app, error);
  }
  return {std::move(request), 0, {}};
}

std::string manual_page() {
  Request request;
  CLI::App app(kSentence, "medperf-metrics");
  build(app, request);
  std::string text =
      roff::head("medperf-metrics", "1", "metrics of medical images, for whole cohorts") +
      roff::heading("SYNOPSIS") + ".B medperf\\-metrics\n.I COMMAND\n[\\fIOPTION\\fR ...]\n" +
      roff::heading("DESCRIPTION") +
      "Compares predictions with references: label maps, scores, numbers; models with each other; "
      "and pools sites. Each figure names its "
      "definition, an undefined one says why; \\fBmedperf\\-metrics describe\\fR \\fIMETRIC\\fR "
      "explains each.\n" +
      roff::heading("COMMANDS");
  for (const CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
    text += ".SS " + roff::escaped("medperf-metrics " + command->get_name()) + "\n" +
            roff::escaped(command->get_description()) + "\n";
    for (const CLI::Option* const option : command->get_options()) {
      text += roff::item(term_of(*option), option->get_description());
    }
    text += roff::example(trimmed(command->get_footer()));
  }
  return text + roff::heading("EXIT STATUS") + ".nf\n" + roff::escaped(trimmed(kExitCodes)) +
         "\n.fi\n" + roff::heading("SEE ALSO") + "\\fBmedperf\\fR(1)\n";
}

}  // namespace medperf::metrics_app
