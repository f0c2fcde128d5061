#include "cohort/report/segmentation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cohort/report/html.h"
#include "cohort/report/overlay.h"
#include "cohort/report/parts.h"
#include "cohort/worst_cases.h"

namespace medperf::cohort {
namespace {

constexpr std::size_t kWorstOfRegion = 3;
constexpr std::size_t kRegionsShown = 8;

/// The first column of a region that says which case is worse; none without one.
std::optional<std::size_t> ordering_column(const CohortResult& result, const std::string& region) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (result.columns[i].region == region && worst_cases(result, i)) return i;
  }
  return std::nullopt;
}

Result<report::Overlay> overlay_of(const CaseResult& one, const metrics::Region& region,
                                   const SegmentationOptions& options, const std::string& name) {
  MEDPERF_TRY(const auto pair, read_label_pair(one.files.prediction, one.files.reference,
                                               options.grid_rule, options.map_rules(false)));
  MEDPERF_TRY(const auto prediction, view_of(pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair.reference));
  return report::draw_overlay(prediction, reference, pair.regions({&region, 1}).front(), name);
}

/// Without a drawing when the files are there no more or the region is in neither: a report is not
/// the place to fail.
std::string picture(const CaseResult& one, const Column& column, const metrics::Estimate& value,
                    const metrics::Region& region, const SegmentationOptions& options) {
  const std::string name = fmt::format("{}: region {}, {} {}", one.files.id, region.name,
                                       column.title(), report::figure(value));
  const auto overlay = overlay_of(one, region, options, name);
  if (!overlay) {
    return fmt::format("<figure>\n<figcaption>{}. No picture: {}.</figcaption>\n</figure>\n",
                       report::escaped(name), report::escaped(overlay.error().what));
  }
  std::string caption = fmt::format("{}. Slice {}, in which {} voxels differ.",
                                    report::escaped(name), overlay->slice, overlay->differing);
  if (overlay->reduction > 1) {
    caption +=
        fmt::format(" Drawn smaller: a pixel is {0} x {0} voxels, and lit where any of them is.",
                    overlay->reduction);
  }
  if (!overlay->contours) caption += " The outlines are too ragged to be drawn.";
  return fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", overlay->svg, caption);
}

std::string worst_of_region(const CohortResult& result, const metrics::Region& region,
                            const SegmentationOptions& options) {
  const auto index = ordering_column(result, region.name);
  if (!index) {
    return fmt::format("<h3>{}</h3>\n<p>None of its metrics says which case is worse.</p>\n",
                       report::escaped(region.name));
  }
  const Column& column = result.columns[*index];
  const WorstCases worst = *worst_cases(result, *index);
  std::string said, pictures;
  for (const auto* const list : {&worst.undefined, &worst.ranked}) {
    for (std::size_t i = 0; i < std::min(list->size(), kWorstOfRegion); ++i) {
      const CaseResult& one = result.cases[(*list)[i]];
      pictures += picture(one, column, one.values[*index], region, options);
    }
  }
  if (!worst.undefined.empty()) {
    said = fmt::format("<p>{} without a value although a side holds something{}.</p>\n",
                       worst.undefined.size() == 1
                           ? "1 case is"
                           : fmt::format("{} cases are", worst.undefined.size()),
                       worst.undefined.size() > kWorstOfRegion
                           ? fmt::format("; the first {} are shown", kWorstOfRegion)
                           : "");
  }
  if (pictures.empty()) said += "<p>No case has anything of it.</p>\n";
  return fmt::format("<h3>{}, by {}</h3>\n{}<div class=\"overlays\">\n{}</div>\n",
                     report::escaped(region.name), report::escaped(column.metric), said, pictures);
}

std::string worst_part(const CohortResult& result, const SegmentationOptions& options) {
  if (result.failed() == result.cases.size()) return {};
  std::string out = fmt::format(
      "<h2>Worst cases</h2>\n<p>Of each region the {} worst with a value, and before "
      "them those without one. Solid yellow: reference. Dashed blue: prediction. Light "
      "grey: in both; dark grey: in one of them.</p>\n",
      kWorstOfRegion);
  if (options.regions.size() > kRegionsShown) {
    out += fmt::format("<p>Of the first {} of {} regions.</p>\n", kRegionsShown,
                       options.regions.size());
  }
  for (std::size_t i = 0; i < std::min(options.regions.size(), kRegionsShown); ++i) {
    out += worst_of_region(result, options.regions[i], options);
  }
  return out;
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
