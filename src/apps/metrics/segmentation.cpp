#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

#include "apps/metrics/answer.h"
#include "base/encoding.h"
#include "base/exit_codes.h"
#include "base/files.h"
#include "base/text_table.h"
#include "cohort/case_list.h"
#include "cohort/cohort_document.h"
#include "cohort/report/segmentation_report.h"
#include "cohort/segmentation.h"
#include "cohort/site_summary.h"
#include "cohort/summary.h"

namespace medperf::metrics_app {
namespace {

/// Failed cases that are named one by one for people; the documents hold them all.
constexpr std::size_t kShownFailures = 20;
constexpr int kBarWidth = 40;

Result<std::vector<cohort::CaseFiles>> cases_of(const Request& request) {
  const fs::path first = request.inputs.front();
  if (request.inputs.size() == 1) return cohort::read_case_list(first);
  const fs::path second = request.inputs[1];
  std::error_code failure;
  // A folder may also be a single case, a DICOM series; a table says so.
  if (fs::is_directory(first, failure) && fs::is_directory(second, failure)) {
    return cohort::match_folders(first, second);
  }
  const std::string name = first.filename().string();
  return std::vector<cohort::CaseFiles>{{name, first, second, name, {}}};
}

Result<cohort::SegmentationOptions> options_of(const Request& request, int threads) {
  cohort::SegmentationOptions options;
  for (const std::string& text : request.regions) {
    MEDPERF_TRY(metrics::Region region, cohort::parse_region(text));
    options.regions.push_back(std::move(region));
  }
  for (const std::string& label : request.labels) {
    MEDPERF_TRY(metrics::Region region, cohort::parse_region(label + "=" + label));
    options.regions.push_back(std::move(region));
  }
  options.metrics = request.metrics;
  options.tau_mm = request.tau_mm;
  options.lesion_policy = request.lesion_policy;
  MEDPERF_TRY(options.instances, metrics::read_instance_rules(
                                     Json::object({{"iou_above", request.iou_above},
                                                   {"matching", request.matching},
                                                   {"connectivity", request.connectivity},
                                                   {"instance_maps", request.instance_maps}})));
  if (request.resample_nearest) options.grid_rule = imaging::GridRule::kResampleNearest;
  if (!request.spacing_mm.empty()) {
    if (request.spacing_mm.size() < 2 || request.spacing_mm.size() > 3) {
      return make_error(ErrorKind::kInvalid, "--spacing", "it is not two or three sizes",
                        "Write x,y or x,y,z in mm, e.g. 0.7,0.7,3.");
    }
    std::array<double, 3> spacing{1, 1, 1};
    std::copy(request.spacing_mm.begin(), request.spacing_mm.end(), spacing.begin());
    options.spacing_mm = spacing;
  }
  options.largest_map = mebibytes(static_cast<std::uint64_t>(request.largest_map_mib));
  options.links = Links::kFollow;  // what its user names may lie elsewhere
  options.threads = threads;
  return options;
}

cohort::CohortSettings settings_of(const Request& request,
                                   const cohort::SegmentationOptions& options) {
  Json regions = Json::object();
  for (const metrics::Region& region : options.regions) {
    Json::Array labels;
    for (const std::int32_t label : region.labels) labels.emplace_back(label);
    regions.set(region.name, Json(std::move(labels)));
  }
  Json::Array taus(options.tau_mm.begin(), options.tau_mm.end());
  cohort::CohortSettings settings{"segmentation", std::string(kProgram), {}};
  settings.options = Json::object(
      {{"regions", std::move(regions)},
       {"tau_mm", Json(std::move(taus))},
       {"lesion_policy", options.lesion_policy.empty() ? Json() : Json(options.lesion_policy)},
       {"panoptic", to_json(options.instances)},
       {"resample", request.resample_nearest ? "nearest" : "refuse"},
       {"bootstrap", request.replicates},
       {"bootstrap_interval", request.bootstrap_interval},
       {"seed", static_cast<std::int64_t>(request.seed)},
       {"level", request.level},
       {"minimum_patients", request.minimum_patients}});
  return settings;
}

void draw_progress(std::size_t done, std::size_t all) {
  const int filled = static_cast<int>(done * kBarWidth / all);
  std::fprintf(stderr, "\r[%s%s] %zu of %zu cases", std::string(filled, '#').c_str(),
               std::string(kBarWidth - filled, '.').c_str(), done, all);
  if (done == all) std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string worst_groups_of(const cohort::CohortResult& result,
                            const std::vector<cohort::Summary>& summaries) {
  std::string text;
  for (const cohort::Summary& one : summaries) {
    if (one.worst_group.empty()) continue;
    if (text.empty()) text = "\nWorst group, and how far behind the best:\n";
    text += fmt::format("  {}: {} ({})\n", result.columns[one.column].title(), one.worst_group,
                        one.gap ? number(one.gap) : "the only one");
  }
  return text;
}

std::string text_of(const cohort::CohortResult& result,
                    const std::vector<cohort::Summary>& summaries) {
  std::vector<std::vector<std::string>> rows;
  bool groups = false;
  for (const cohort::Summary& one : summaries) groups = groups || !one.group.empty();
  for (const cohort::Summary& one : summaries) {
    const auto& spread = one.spread;
    std::string undefined;
    for (const auto& [reason, cases] : one.undefined) {
      undefined += fmt::format("{}{} {}", undefined.empty() ? "" : ", ", cases, reason);
    }
    std::vector<std::string> row = {result.columns[one.column].title()};
    if (groups) row.push_back(one.group.empty() ? "(all)" : one.group);
    row.insert(row.end(),
               {std::to_string(one.n), number(one.mean.value),
                one.mean.interval ? fmt::format("{:.4g} to {:.4g}", one.mean.interval->low,
                                                one.mean.interval->high)
                                  : "-",
                spread ? number(spread->median) : "-",
                spread ? fmt::format("{:.4g} to {:.4g}", spread->q25, spread->q75) : "-",
                undefined.empty() ? "-" : undefined});
    rows.push_back(std::move(row));
  }
  std::vector<std::string> heads = {"METRIC"};
  if (groups) heads.emplace_back("GROUP");
  heads.insert(heads.end(), {"CASES", "MEAN", "INTERVAL", "MEDIAN", "QUARTILES", "UNDEFINED"});
  return table_text(heads, rows) + worst_groups_of(result, summaries);
}

void tell_failures(const cohort::CohortResult& result) {
  std::size_t shown = 0;
  for (const cohort::CaseResult& one : result.cases) {
    if (!one.failure) continue;
    if (++shown > kShownFailures) break;
    std::fprintf(stderr, "medperf-metrics: case %s failed: %s\n",
                 printable(one.files.id, 80).c_str(), printable(one.failure->text(), 2000).c_str());
  }
  if (result.failed() > kShownFailures) {
    std::fprintf(stderr, "medperf-metrics: and %zu more\n", result.failed() - kShownFailures);
  }
}

}  // namespace

Result<int> answer_segmentation(const Request& request) {
  const int threads = request.threads > 0
                          ? request.threads
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  MEDPERF_TRY(const auto options, options_of(request, threads));
  MEDPERF_TRY(const auto cases, cases_of(request));
  const bool bar = !request.quiet && ::isatty(STDERR_FILENO) == 1;
  MEDPERF_TRY(const cohort::CohortResult result,
              cohort::measure_segmentations(cases, options,
                                            bar ? cohort::Progress(draw_progress) : nullptr));
  const metrics::BootstrapOptions bootstrap = bootstrap_of(request);
  MEDPERF_TRY(const auto summaries, cohort::summarise(result, bootstrap, request.minimum_patients));
  if (!request.summary_file.empty()) {
    MEDPERF_TRY(const auto summary, cohort::summarise_segmentations(result, options));
    MEDPERF_CHECK(save_summary(request, summary));
  }
  const cohort::CohortSettings settings = settings_of(request, options);
  if (request.json || !request.json_file.empty()) {
    const std::string text =
        to_pretty_text(cohort::cohort_document(result, summaries, settings)) + "\n";
    MEDPERF_CHECK(save(request.json_file, text));
    if (request.json) MEDPERF_CHECK(print(text));
  }
  if (!request.html_file.empty()) {
    MEDPERF_TRY(const std::string page,
                cohort::segmentation_report(result, summaries, options, settings));
    MEDPERF_CHECK(save(request.html_file, page));
  }
  if (request.csv || !request.csv_file.empty()) {
    const std::string csv = cohort::cohort_csv(result);
    MEDPERF_CHECK(save(request.csv_file, csv));
    if (request.csv) MEDPERF_CHECK(print(csv));
  }
  if (!request.json && !request.csv) MEDPERF_CHECK(print(text_of(result, summaries)));
  tell_failures(result);
  return result.failed() > 0 ? kExitSomeFailed : kExitOk;
}

}  // namespace medperf::metrics_app
