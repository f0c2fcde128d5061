// From the summaries of sites to the figures of all of their cases.

#include <set>

#include "apps/metrics/answer.h"
#include "base/files.h"
#include "cohort/figures.h"
#include "metrics/pooling/summary_json.h"

namespace medperf::metrics_app {
namespace {

/// `seen` holds what was read so far: a site that counts twice makes every interval too narrow.
Result<metrics::SiteSummary> read_site(const std::string& file, std::set<std::string>& seen) {
  MEDPERF_TRY(std::string text, read_file(file, mebibytes(8)));
  auto summary = metrics::parse_summary(text);
  if (!summary.ok()) return std::move(summary).error().at(file);
  if (!seen.insert(std::move(text)).second) {
    return make_error(ErrorKind::kInvalid, file, "an earlier file holds the same summary",
                      "Give each site once.");
  }
  return summary;
}

cohort::FigureSet figures_of(const metrics::SiteSummary& pooled, double level) {
  cohort::FigureSet set{pooled.kind,
                        static_cast<std::size_t>(pooled.cases),
                        static_cast<std::size_t>(pooled.patients),
                        {},
                        Json::object()};
  for (const metrics::PooledFigure& one : metrics::pooled_figures(pooled, level)) {
    set.figures.push_back({one.metric, one.of, one.estimate, one.bound});
    if (one.clipped) set.figures.back().altered["clipped"] = *one.clipped;
  }
  Json undefined = Json::object();
  for (const metrics::SummaryPart& part : pooled.parts) {
    for (const auto& [reason, cases] : part.undefined) {
      const std::string key = part.of.empty() ? part.metric : part.metric + " " + part.of;
      if (undefined.find(key) == nullptr) undefined.set(key, Json::object());
      undefined.find(key)->set(reason, cases);
    }
  }
  set.more.set("n_sites", pooled.sites);
  set.more.set("n_failed", pooled.failed);
  set.more.set("undefined", std::move(undefined));
  return set;
}

}  // namespace

Status save_summary(const Request& request, const metrics::SiteSummary& summary) {
  if (request.summary_file.empty()) return {};
  return save(request.summary_file, to_text(metrics::summary_document(summary, kProgram)) + "\n");
}

Result<int> answer_pool(const Request& request) {
  std::set<std::string> seen;
  MEDPERF_TRY(metrics::SiteSummary pooled, read_site(request.inputs.front(), seen));
  for (std::size_t i = 1; i < request.inputs.size(); ++i) {
    MEDPERF_TRY(const metrics::SiteSummary site, read_site(request.inputs[i], seen));
    auto merged = pooled.merge(site);
    if (!merged.ok()) return std::move(merged).error().at(request.inputs[i]);
  }
  MEDPERF_CHECK(save_summary(request, pooled));
  return answer_figures(request, figures_of(pooled, request.level),
                        Json::object({{"level", request.level}, {"rules", pooled.rules}}));
}

}  // namespace medperf::metrics_app
