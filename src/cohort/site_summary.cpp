#include "cohort/site_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>

#include "base/json.h"
#include "cohort/class_tables.h"
#include "cohort/cohort_document.h"
#include "cohort/region_metrics.h"
#include "metrics/pooling/summarise.h"

namespace medperf::cohort {
namespace {

using metrics::SiteSummary;
using metrics::SummaryPart;

/// Everything that the figures of two sites must have in common. Sizes of voxels do not belong to
/// it: they are a property of a site's files.
std::string rules_of(const SegmentationOptions& options) {
  Json regions = Json::object();
  for (const metrics::Region& region : options.regions) {
    Json::Array labels;
    for (const std::int32_t label : region.labels) labels.emplace_back(label);
    regions.set(region.name, Json(std::move(labels)));
  }
  const bool nearest = options.grid_rule == imaging::GridRule::kResampleNearest;
  Json rules = Json::object({{"lesion_policy", options.lesion_policy},
                             {"regions", std::move(regions)},
                             {"resample", nearest ? "nearest" : "refuse"}});
  if (options.own_lesion_policy) rules.set("lesion_policy", to_json(*options.own_lesion_policy));
  const bool panoptic = std::any_of(
      options.metrics.begin(), options.metrics.end(),
      [](const std::string& id) { return find_region_metric(id)->engine == Engine::kPanoptic; });
  if (panoptic) rules.set("panoptic", to_json(options.instances));
  return to_canonical(rules);
}

/// The values of one column; what is undefined is counted by its reason.
Result<SummaryPart> moments_of(const CohortResult& cohort, std::size_t column) {
  const Column& of = cohort.columns[column];
  SummaryPart part{of.metric, of.of(), metrics::MomentSummary(), {}};
  auto& moments = std::get<metrics::MomentSummary>(part.content);
  for (const CaseResult& one : cohort.cases) {
    if (one.failure) continue;
    const metrics::Estimate& value = one.values[column];
    if (!value.value) {
      ++part.undefined[std::string(value.flag)];
      continue;
    }
    MEDPERF_CHECK(moments.add(*value.value));
  }
  return part;
}

/// 0 .. count - 1 in order of their regions' names: the order in which somebody named the regions
/// is none of the figures' rules, and sites merge what has the same parts in the same order.
template <typename NameOf>
std::vector<std::size_t> by_region(std::size_t count, NameOf name_of) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::string_view(name_of(a)) < std::string_view(name_of(b));
  });
  return order;
}

Result<SummaryPart> micro_dice_of(const CohortResult& cohort, const std::string& region,
                                  std::size_t index) {
  SummaryPart part{"dice-micro", region, metrics::RatioSummary(), {}};
  auto& ratio = std::get<metrics::RatioSummary>(part.content);
  for (const CaseResult& one : cohort.cases) {
    if (one.failure) continue;
    const metrics::Overlap& counts = one.overlaps[index];
    MEDPERF_CHECK(ratio.add(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn));
  }
  return part;
}

std::int64_t patients_of(const Units& units) {
  return static_cast<std::int64_t>(units.patients);
}

/// What is wrong with scores is wrong in the file that holds them.
Result<SiteSummary> of_table(Result<SiteSummary> summary) {
  if (!summary) return std::move(summary).error().at("predictions.csv");
  return summary;
}

}  // namespace

Result<SiteSummary> summarise_segmentations(const CohortResult& cohort,
                                            const SegmentationOptions& options) {
  SiteSummary summary;
  summary.kind = "segmentation";
  summary.rules = rules_of(options);
  std::set<std::string_view> patients;
  for (const CaseResult& one : cohort.cases) patients.insert(one.files.patient);
  summary.cases = static_cast<std::int64_t>(cohort.cases.size());
  summary.patients = static_cast<std::int64_t>(patients.size());
  summary.failed = static_cast<std::int64_t>(cohort.failed());
  const auto region_of = [&](std::size_t column) -> const std::string& {
    return cohort.columns[column].region;
  };
  for (const std::size_t column : by_region(cohort.columns.size(), region_of)) {
    MEDPERF_TRY(SummaryPart part, moments_of(cohort, column));
    summary.parts.push_back(std::move(part));
  }
  const auto name_of = [&](std::size_t i) -> const std::string& { return options.regions[i].name; };
  for (const std::size_t i : by_region(options.regions.size(), name_of)) {
    MEDPERF_TRY(SummaryPart part, micro_dice_of(cohort, options.regions[i].name, i));
    summary.parts.push_back(std::move(part));
  }
  return summary;
}

Result<SiteSummary> summarise_classification(std::string_view predictions, std::string_view labels,
                                             const UnitTable& patients,
                                             const ClassificationOptions& options) {
  MEDPERF_TRY(const ClassificationTask task, task_of(predictions, labels));
  if (task == ClassificationTask::kLabels) {
    MEDPERF_TRY(const LabelCohort cohort, read_label_cohort(predictions, labels, patients));
    std::vector<metrics::LabelledCases> lists;
    for (std::size_t i = 0; i < cohort.labels.size(); ++i) {
      lists.push_back({cohort.labels[i], cohort.of_label(i)});
    }
    return of_table(metrics::summarise_labels(lists, patients_of(cohort.units), options.threshold));
  }
  if (task == ClassificationTask::kClasses) {
    MEDPERF_TRY(const ClassCohort cohort, read_class_cohort(predictions, labels, patients));
    return metrics::summarise_classes(cohort.reference, cohort.predicted, cohort.classes,
                                      patients_of(cohort.units));
  }
  MEDPERF_TRY(const ScoredCohort cohort, read_scored_cohort(predictions, labels, patients));
  return of_table(
      metrics::summarise_scores(cohort.cases, patients_of(cohort.units), options.threshold));
}

Result<SiteSummary> summarise_regression(const NumberCohort& cohort) {
  constexpr double kLeast = 0x1p-200;  // of the range of exact sums; less is no error
  SiteSummary summary;
  summary.kind = "regression";
  summary.rules = "{}";
  summary.cases = static_cast<std::int64_t>(cohort.cases.size());
  summary.patients = static_cast<std::int64_t>(cohort.units.patients);
  metrics::MomentSummary sizes;
  metrics::MomentSummary errors;
  for (const metrics::MeasuredPair& one : cohort.cases) {
    double error = one.predicted - one.reference;
    if (std::abs(error) < kLeast) error = 0;
    MEDPERF_CHECK(sizes.add(std::abs(error)));
    MEDPERF_CHECK(errors.add(error));
  }
  summary.parts.push_back({"mae", "", sizes, {}});
  summary.parts.push_back({"bias", "", errors, {}});
  return summary;
}

}  // namespace medperf::cohort
