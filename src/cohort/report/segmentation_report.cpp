#include "cohort/report/segmentation_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cohort/region_metrics.h"
#include "cohort/report/html.h"
#include "cohort/report/overlay.h"
#include "cohort/report/parts.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

constexpr std::size_t kWorstOfRegion = 3;
constexpr std::size_t kRegionsShown = 8;

/// The cases with the worst values of a column, the worst first; of equal ones the first.
std::vector<std::size_t> worst_cases(const CohortResult& result, std::size_t column) {
  const metrics::MetricEntry* const entry = metrics::find_metric(result.columns[column].metric);
  const bool lower_is_better = entry != nullptr && entry->direction == metrics::Direction::kLower;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < result.cases.size(); ++i) {
    const CaseResult& one = result.cases[i];
    if (!one.failure && one.values[column].value) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double left = *result.cases[a].values[column].value;
    const double right = *result.cases[b].values[column].value;
    return lower_is_better ? left > right : left < right;
  });
  if (order.size() > kWorstOfRegion) order.resize(kWorstOfRegion);
  return order;
}

/// Nothing when the files are there no more or the region is in neither: a report is not the place
/// to fail.
std::string picture(const CaseResult& one, const Column& column, const metrics::Estimate& value,
                    const metrics::Region& region, const SegmentationOptions& options) {
  const auto pair = read_label_pair(one.files.prediction, one.files.reference, options.grid_rule,
                                    {options.spacing_mm, false});
  if (!pair) return {};
  const auto prediction = view_of(pair->prediction);
  const auto reference = view_of(pair->reference);
  if (!prediction || !reference) return {};
  const std::string name = fmt::format("{}: region {}, {} {}", one.files.id, region.name,
                                       column.title(), report::figure(value));
  const auto overlay = report::draw_overlay(*prediction, *reference, region, name);
  if (!overlay) return {};
  return fmt::format(
      "<figure>\n{}<figcaption>{}. Slice {}, in which {} voxels differ.</figcaption>\n</figure>\n",
      overlay->svg, report::escaped(name), overlay->slice, overlay->differing);
}

std::string worst_part(const CohortResult& result, const SegmentationOptions& options) {
  std::string out;
  std::size_t shown = 0;
  for (const metrics::Region& region : options.regions) {
    const auto column =
        std::find_if(result.columns.begin(), result.columns.end(),
                     [&region](const Column& one) { return one.region == region.name; });
    if (column == result.columns.end() || shown++ == kRegionsShown) break;
    const auto index = static_cast<std::size_t>(column - result.columns.begin());
    std::string pictures;
    for (const std::size_t i : worst_cases(result, index)) {
      pictures += picture(result.cases[i], *column, result.cases[i].values[index], region, options);
    }
    if (pictures.empty()) continue;
    out += fmt::format("<h3>{}, by {}</h3>\n<div class=\"overlays\">\n{}</div>\n",
                       report::escaped(region.name), report::escaped(column->metric), pictures);
  }
  if (out.empty()) return out;
  return "<h2>Worst cases</h2>\n<p>Solid yellow: reference. Dashed blue: prediction. Light grey: "
         "in "
         "both; dark grey: in one of them.</p>\n" +
         out;
}

}  // namespace

Result<std::string> segmentation_report(const CohortResult& result,
                                        std::span<const Summary> summaries,
                                        const SegmentationOptions& options,
                                        const CohortSettings& settings) {
  std::string body =
      fmt::format("<p>{} cases, {} failed.</p>\n", result.cases.size(), result.failed());
  body += report::failures(result);
  body += "<h2>Summary</h2>\n" + report::summary_table(result, summaries);
  body += "<h2>Distributions</h2>\n" + report::box_plots(result, summaries);
  body += worst_part(result, options);
  body += "<h2>Cases</h2>\n" + report::case_table(result);
  body += "<h2>How this was made</h2>\n" + report::settings_part(settings);
  return report::page("Segmentation of a cohort", body);
}

}  // namespace medperf::cohort
