#include "metrics/pooling/site_summary.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <type_traits>

#include "metrics/pooling/merge.h"

namespace medperf::metrics {
namespace {

Status merge_content(DecisionCounts& into, const DecisionCounts& other) {
  if (into.threshold != other.threshold) {
    return make_error(ErrorKind::kConflict, "summary", "the sites decided at different thresholds",
                      "The benchmark fixes one threshold for all sites.");
  }
  return merge(into.table, other.table);
}

template <typename Content>
Status merge_content(Content& into, const Content& other) {
  return into.merge(other);
}

Status merge_part(SummaryPart& into, const SummaryPart& other) {
  if (into.metric != other.metric || into.of != other.of ||
      into.content.index() != other.content.index()) {
    return make_error(ErrorKind::kConflict, "summary",
                      "the sites did not summarise the same figures",
                      "Ask every site for a summary by the rules that the benchmark names.");
  }
  for (const auto& [reason, cases] : other.undefined) {
    MEDPERF_TRY(into.undefined[reason], added(into.undefined[reason], cases));
  }
  return std::visit(
      [&other](auto& content) {
        return merge_content(content, std::get<std::decay_t<decltype(content)>>(other.content));
      },
      into.content);
}

/// How many cases a part holds; counts that do not fit 64 bits are none that check() lets pass.
std::int64_t cases_in(const SummaryContent& content) {
  struct Count {
    std::int64_t operator()(const MomentSummary& one) const { return one.cases(); }
    std::int64_t operator()(const RatioSummary& one) const { return one.cases(); }
    std::int64_t operator()(const DecisionCounts& one) const { return one.table.total(); }
    std::int64_t operator()(const CountTable& one) const {
      std::int64_t total = 0;
      for (std::size_t i = 0; i < one.rows(); ++i) {
        for (std::size_t j = 0; j < one.columns(); ++j) total += one.at(i, j);
      }
      return total;
    }
    std::int64_t operator()(const ScoreHistogram& one) const {
      return std::accumulate(one.positives().begin(), one.positives().end(), std::int64_t{0}) +
             std::accumulate(one.negatives().begin(), one.negatives().end(), std::int64_t{0});
    }
    std::int64_t operator()(const ReliabilityTable& one) const { return one.cases(); }
    std::int64_t operator()(const CalibrationHistogram& one) const {
      std::int64_t total = 0;
      for (const auto& cell : one.cells()) total += cell.cases;
      return total;
    }
  };
  return std::visit(Count{}, content);
}

/// Whether values in [0, 1] can have these sums: x^2 <= x for each.
bool of_shares(const MomentSummary& moments) {
  ExactSum rest = moments.squares();
  rest.negate();
  rest.merge(moments.sum());
  return rest.sign() >= 0 && possible_sum(moments.cases(), moments.sum(), 0, 1);
}

}  // namespace

bool is_share(std::string_view metric) {
  constexpr std::array<std::string_view, 17> kShares = {"brier",
                                                        "dice",
                                                        "iou",
                                                        "lesion-dice",
                                                        "lesion-f1",
                                                        "lesion-nsd",
                                                        "lesion-precision",
                                                        "lesion-sensitivity",
                                                        "nsd",
                                                        "panoptic-quality",
                                                        "recognition-quality",
                                                        "segmentation-quality",
                                                        "surfel-nsd",
                                                        "volume-similarity",
                                                        "voxel-precision",
                                                        "voxel-sensitivity",
                                                        "voxel-specificity"};
  return std::binary_search(kShares.begin(), kShares.end(), metric);
}

std::string class_table_rule(const std::vector<std::string>& classes) {
  std::string rule = "confusion/1";
  for (const std::string& name : classes) rule += (&name == &classes.front() ? ' ' : ',') + name;
  return rule;
}

Status SiteSummary::merge(const SiteSummary& other) {
  MEDPERF_CHECK(check_same_rules(kind, other.kind));
  MEDPERF_CHECK(check_same_rules(rules, other.rules));
  if (parts.size() != other.parts.size()) {
    return make_error(ErrorKind::kConflict, "summary",
                      "the sites did not summarise the same figures",
                      "Ask every site for a summary by the rules that the benchmark names.");
  }
  SiteSummary sum = *this;
  MEDPERF_TRY(sum.sites, added(sites, other.sites));
  MEDPERF_TRY(sum.cases, added(cases, other.cases));
  MEDPERF_TRY(sum.patients, added(patients, other.patients));
  MEDPERF_TRY(sum.failed, added(failed, other.failed));
  if (sum.cases > kMostCases) {
    return make_error(ErrorKind::kTooLarge, "summary", "it has more than 2^53 cases",
                      "Check the sites' counts: no cohort is that large.");
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    MEDPERF_CHECK(merge_part(sum.parts[i], other.parts[i]));
  }
  *this = std::move(sum);
  return {};
}

Status SiteSummary::check() const {
  if (sites < 0 || cases < 0 || cases > kMostCases || patients < 0 || patients > cases ||
      failed < 0 || failed > cases) {
    return impossible_summary("its numbers of cases do not fit each other");
  }
  for (const SummaryPart& part : parts) {
    std::int64_t undefined = 0;
    for (const auto& [reason, count] : part.undefined) {
      if (count < 0 || count > kMostCases) return impossible_summary("a count is out of range");
      MEDPERF_TRY(undefined, added(undefined, count));
    }
    if (cases_in(part.content) != cases - failed - undefined) {
      return impossible_summary(part.metric + " does not account for every case");
    }
    const auto* const moments = std::get_if<MomentSummary>(&part.content);
    if (moments != nullptr && is_share(part.metric) && !of_shares(*moments)) {
      return impossible_summary("no values of " + part.metric + " have its sums");
    }
  }
  return {};
}

}  // namespace medperf::metrics
