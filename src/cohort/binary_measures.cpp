#include "cohort/binary_measures.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "metrics/classification/auc_bootstrap.h"
#include "metrics/classification/decision.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::ScoredCase;

/// Of the area itself; each interval has a name of its own.
constexpr std::string_view kAreaConvention = "auroc-mann-whitney";

}  // namespace

ScoredSample::ScoredSample(std::vector<ScoredCase> cases)
    : cases_(std::move(cases)), order_(cases_.size()), rank_(cases_.size()) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return cases_[a].score > cases_[b].score;
  });
  for (std::uint32_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = i;
}

std::vector<ScoredCase> ScoredSample::at(Rows rows) const {
  std::vector<ScoredCase> drawn;
  drawn.reserve(rows.size());
  for (const std::uint32_t row : rows) drawn.push_back(cases_[row]);
  return drawn;
}

std::vector<ScoredCase> ScoredSample::descending(Rows rows) const {
  std::vector<std::uint32_t> times(cases_.size());
  for (const std::uint32_t row : rows) ++times[rank_[row]];
  std::vector<ScoredCase> drawn;
  drawn.reserve(rows.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    drawn.insert(drawn.end(), times[i], cases_[order_[i]]);
  }
  return drawn;
}

Measure scored_measure(const ScoredSample& sample, Shown shown,
                       const metrics::FigureOptions& options, std::string of) {
  const metrics::ScoredFigure* const figure =
      metrics::find_figure(metrics::scored_figures(), shown.id);
  // What has to be drawn again and again gets its cases in the order that some of them sort by.
  const bool drawn = shown.interval == IntervalFrom::kResamples;
  return {std::string(shown.id), std::move(of), shown.interval,
          [&sample, figure, options, drawn](Rows rows) {
            return figure->of(drawn ? sample.descending(rows) : sample.at(rows), options);
          }};
}

Measure drawn_auroc(const ScoredSample& sample, const Units& units,
                    const metrics::BootstrapOptions& options, std::string of) {
  return {"auroc", std::move(of), IntervalFrom::kMeasure,
          [&sample, &units, options](Rows rows) -> Result<Estimate> {
            const auto cases = sample.at(rows);
            MEDPERF_TRY(metrics::Bootstrap drawn,
                        units.patients_repeat()
                            ? metrics::auc_bootstrap(cases, patients_of(units, rows), options)
                            : metrics::auc_bootstrap(cases, options));
            drawn.estimate.convention = kAreaConvention;
            return drawn.estimate;
          }};
}

Measure auroc_measure(const ScoredSample& sample, const Units& units,
                      const metrics::FigureOptions& figures,
                      const metrics::BootstrapOptions& bootstrap, std::string of) {
  if (units.patients_repeat()) return drawn_auroc(sample, units, bootstrap, std::move(of));
  return scored_measure(sample, {"auroc", IntervalFrom::kFormula}, figures, std::move(of));
}

Measure treat_all_measure(const ScoredSample& sample, const metrics::FigureOptions& options) {
  return {"net-benefit", "everybody treated", IntervalFrom::kResamples,
          [&sample, threshold = options.threshold](Rows rows) -> Result<Estimate> {
            MEDPERF_TRY(const auto here,
                        metrics::decision_curve(sample.descending(rows), std::array{threshold}));
            Estimate estimate;
            estimate.convention = metrics::kNetBenefitConvention;
            if (here.empty()) {
              estimate.flag = metrics::flag::kNoCases;
            } else {
              estimate.value = here[0].treat_all;
            }
            return estimate;
          }};
}

Json counts_document(const metrics::Confusion& table) {
  return Json::object({{"tp", table.tp}, {"fp", table.fp}, {"tn", table.tn}, {"fn", table.fn}});
}

}  // namespace medperf::cohort
