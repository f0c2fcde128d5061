#include "hub/release/pooled_cases.h"

#include <algorithm>
#include <utility>

#include "hub/release/pooling.h"
#include "metrics/estimate_json.h"
#include "metrics/vocabulary.h"

namespace medperf::hub {
namespace {

constexpr double kLevel = 0.95;
constexpr std::string_view kName = "All cases: ";

Json figure_json(const metrics::PooledFigure& figure) {
  const auto* const known = metrics::find_metric(figure.metric);
  Json shown = Json::object({{"metric", figure.metric},
                             {"name", known == nullptr ? figure.metric : std::string(known->name)},
                             {"of", figure.of}});
  metrics::set_members(shown, figure.estimate, false);
  shown.set("bound", metrics::or_null(figure.bound));
  shown.set("convention", std::string(figure.estimate.convention));
  if (figure.clipped) shown.set("clipped", *figure.clipped);
  return shown;
}

/// Cases without a value, by figure and reason.
Json undefined_json(const metrics::SiteSummary& merged) {
  Json undefined = Json::object();
  for (const metrics::SummaryPart& part : merged.parts) {
    if (part.undefined.empty()) continue;
    Json reasons = Json::object();
    for (const auto& [reason, cases] : part.undefined) reasons.set(reason, cases);
    undefined.set(part.of.empty() ? part.metric : part.metric + " " + part.of, std::move(reasons));
  }
  return undefined;
}

}  // namespace

std::optional<PooledCases> pool_cases(const result::SummaryDeclaration& declared,
                                      const std::vector<const Json*>& results,
                                      std::vector<std::string>& warnings) {
  PooledCases pooled;
  std::vector<const Json*> seen;
  bool repeated = false;
  for (const Json* const result : results) {
    const Json* const sent = at_path(*result, declared.path);
    if (sent == nullptr || sent->is_null()) continue;
    // It was checked when it came; the schema is the benchmark's, which may have changed since.
    auto site = result::read_accepted_summary(declared, *sent);
    if (!site.ok()) continue;
    repeated = repeated || std::any_of(seen.begin(), seen.end(),
                                       [sent](const Json* other) { return *other == *sent; });
    seen.push_back(sent);
    if (pooled.sites == 0) {
      pooled.merged = std::move(site).value();
    } else if (const Status merged = pooled.merged.merge(*site); !merged.ok()) {
      warnings.push_back(std::string(kName) + "not pooled: " + merged.error().text());
      return std::nullopt;
    }
    ++pooled.sites;
  }
  if (const std::size_t left_out = results.size() - pooled.sites; left_out > 0) {
    warnings.push_back(std::string(kName) + std::to_string(left_out) +
                       " sites are left out, their summary is suppressed or missing.");
  }
  if (repeated) {
    warnings.push_back(std::string(kName) +
                       "sites sent the same summary; if it is of the same cases, the intervals are "
                       "too narrow.");
  }
  if (pooled.sites == 0) return std::nullopt;
  return pooled;
}

Json to_json(const PooledCases& pooled) {
  Json figures = Json::array();
  for (const metrics::PooledFigure& one : metrics::pooled_figures(pooled.merged, kLevel)) {
    figures.push(figure_json(one));
  }
  return Json::object({{"sites", pooled.sites},
                       {"n_cases", pooled.merged.cases},
                       {"n_patients", pooled.merged.patients},
                       {"n_failed", pooled.merged.failed},
                       {"level", kLevel},
                       {"figures", std::move(figures)},
                       {"undefined", undefined_json(pooled.merged)}});
}

}  // namespace medperf::hub
