#include "cohort/segmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <new>
#include <set>

#include "base/encoding.h"
#include "base/process.h"
#include "cohort/region_metrics.h"
#include "metrics/workers.h"

namespace medperf::cohort {
namespace {

Error without_counterpart(const CaseFiles& files) {
  if (files.prediction.empty()) {
    return make_error(ErrorKind::kNotFound, printable(files.reference.string()),
                      "it has no prediction",
                      "A model answers every case: write a prediction of the same name.");
  }
  return make_error(ErrorKind::kNotFound, printable(files.prediction.string()),
                    "it has no reference",
                    "Take the file away, or give the reference of the same name.");
}

Status measure(const SegmentationOptions& options, const std::vector<Column>& columns,
               bool needs_spacing, CaseResult& result) {
  const CaseFiles& files = result.files;
  if (files.prediction.empty() || files.reference.empty()) return without_counterpart(files);
  MEDPERF_TRY(const LabelPair pair,
              read_label_pair(files.prediction, files.reference, options.grid_rule,
                              options.map_rules(needs_spacing)));
  MEDPERF_TRY(const metrics::LabelVolume prediction, view_of(pair.prediction));
  MEDPERF_TRY(const metrics::LabelVolume reference, view_of(pair.reference));
  for (const imaging::Volume* volume : {&pair.prediction, &pair.reference}) {
    const char* const name = volume == &pair.prediction ? "prediction" : "reference";
    for (const std::string& remark : volume->remarks) {
      result.remarks.push_back(fmt::format("{}: {}", name, remark));
    }
  }
  if (options.instances.whole_maps && !pair.sets.empty()) {
    return make_error(ErrorKind::kInvalid, printable(files.prediction.string()),
                      "segments share voxels: they are no map of instances",
                      "Leave out --instance-maps, or write each voxel to one segment.");
  }
  SegmentationOptions by_pair = options;
  by_pair.regions = pair.regions(options.regions);
  MEDPERF_TRY(PairMeasures measures, measure_pair(prediction, reference, by_pair, columns));
  for (const metrics::Estimate& value : measures.values) {
    result.values.push_back(metrics::finite(value));
  }
  result.overlaps = std::move(measures.overlaps);
  return {};
}

void measure_case(const SegmentationOptions& options, const std::vector<Column>& columns,
                  bool needs_spacing, CaseResult& result) {
  try {
    auto done = measure(options, columns, needs_spacing, result);
    if (!done) result.failure = std::move(done).error();
  } catch (const std::bad_alloc&) {
    result.failure = make_error(ErrorKind::kTooLarge, printable(result.files.prediction.string()),
                                "the memory is not enough for this case",
                                "Measure fewer cases at the same time (--threads 1).");
  }
}

Error bad_region(std::string what) {
  return make_error(ErrorKind::kInvalid, "region", std::move(what),
                    "Write a name and its labels, e.g. WT=1,2,4.");
}

}  // namespace

namespace {

std::string with_rest(std::string text, const Column& column) {
  if (column.tau_mm) text += fmt::format(" {} mm", *column.tau_mm);
  return column.part.empty() ? text : text + " " + column.part;
}

}  // namespace

std::string Column::of() const {
  return with_rest(region, *this);
}

std::string Column::title() const {
  return with_rest(region.empty() ? metric : region + " " + metric, *this);
}

std::size_t CohortResult::failed() const {
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [](const CaseResult& one) { return one.failure.has_value(); }));
}

const metrics::LesionPolicy* lesion_policy_of(const SegmentationOptions& options) {
  if (options.own_lesion_policy) return &*options.own_lesion_policy;
  return metrics::find_lesion_policy(options.lesion_policy);
}

std::vector<std::string_view> segmentation_metrics() {
  std::vector<std::string_view> ids;
  for (const RegionMetric& one : region_metrics()) ids.push_back(one.id);
  return ids;
}

std::vector<std::string> default_segmentation_metrics(bool with_tau) {
  std::vector<std::string> ids = {"dice", "hd95"};
  if (with_tau) ids.emplace_back("nsd");
  return ids;
}

Result<metrics::Region> parse_region(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return bad_region(fmt::format("'{}' is no region", printable(text, 60)));
  }
  metrics::Region region{std::string(text.substr(0, equals)), {}};
  for (const std::string_view part : split(text.substr(equals + 1), ',')) {
    std::int32_t label = 0;
    const char* const end = part.data() + part.size();
    const auto parsed = std::from_chars(part.data(), end, label);
    if (parsed.ec != std::errc() || parsed.ptr != end || part.empty()) {
      return bad_region(fmt::format("'{}' is no label", printable(part, 60)));
    }
    region.labels.push_back(label);
  }
  MEDPERF_CHECK(metrics::check_region(region));
  return region;
}

Result<CohortResult> measure_segmentations(std::span<const CaseFiles> cases,
                                           const SegmentationOptions& options,
                                           const Progress& progress) {
  CohortResult result;
  MEDPERF_TRY(result.columns, columns_of(options));
  std::set<std::string> names;
  if (options.instances.whole_maps) names.emplace(kInstancesRegion);
  for (const metrics::Region& region : options.regions) {
    if (!names.insert(region.name).second) return bad_region("a region's name is given twice");
  }
  const bool needs_spacing =
      std::any_of(result.columns.begin(), result.columns.end(), [](const Column& column) {
        return needs_spacing_of(find_region_metric(column.metric)->engine);
      });
  for (const CaseFiles& one : cases) result.cases.push_back({one, {}, std::nullopt, {}});
  metrics::Workers workers(options.threads);
  std::mutex mutex;
  std::size_t done = 0;
  workers.run(static_cast<std::ptrdiff_t>(cases.size()), [&](std::ptrdiff_t i, int) {
    if (stop_requested()) return;
    measure_case(options, result.columns, needs_spacing, result.cases[static_cast<std::size_t>(i)]);
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, cases.size());
  });
  if (stop_requested()) {
    return make_error(ErrorKind::kInterrupted, {}, "stopped before all cases were measured",
                      "Start it again.");
  }
  return result;
}

}  // namespace medperf::cohort
