#include "metrics/pooling/summary_json.h"

namespace medperf::metrics {
namespace {

Json bins_json(const Bins& bins) {
  return Json::object({{"low", bins.low}, {"high", bins.high}, {"count", bins.count}});
}

/// The members of each type of part, after its name.
struct Write {
  Json& part;

  void operator()(const MomentSummary& one) const {
    part.set("type", "moments");
    part.set("rule", kMomentsConvention);
    part.set("n", one.cases());
    part.set("sum", one.sum().text());
    part.set("squares", one.squares().text());
  }

  void operator()(const RatioSummary& one) const {
    part.set("type", "ratio");
    part.set("rule", kRatioConvention);
    part.set("n", one.cases());
    part.set("numerator", one.sums().numerator.text());
    part.set("denominator", one.sums().denominator.text());
    part.set("numerator_squares", one.sums().numerator_squares.text());
    part.set("products", one.sums().products.text());
    part.set("denominator_squares", one.sums().denominator_squares.text());
  }

  void operator()(const DecisionCounts& one) const {
    part.set("type", "decision");
    part.set("rule", kDecisionRule);
    part.set("threshold", one.threshold);
    part.set("tp", one.table.tp);
    part.set("fp", one.table.fp);
    part.set("tn", one.table.tn);
    part.set("fn", one.table.fn);
  }

  void operator()(const CountTable& one) const {
    Json::Array rows;
    for (std::size_t i = 0; i < one.rows(); ++i) {
      Json::Array row;
      for (std::size_t j = 0; j < one.columns(); ++j) row.emplace_back(one.at(i, j));
      rows.emplace_back(std::move(row));
    }
    part.set("type", "count-table");
    part.set("rule", one.rule());
    part.set("counts", Json(std::move(rows)));
  }

  void operator()(const ScoreHistogram& one) const {
    Json::Array cells;
    for (std::size_t k = 0; k < one.positives().size(); ++k) {
      if (one.positives()[k] == 0 && one.negatives()[k] == 0) continue;
      cells.push_back(Json::array({k, one.positives()[k], one.negatives()[k]}));
    }
    part.set("type", "score-histogram");
    part.set("rule", kHistogramAucConvention);
    part.set("bins", bins_json(one.bins()));
    part.set("cells", Json(std::move(cells)));
  }

  void operator()(const ReliabilityTable& one) const {
    Json::Array cells;
    for (std::size_t k = 0; k < one.counts().size(); ++k) {
      const ReliabilityBin& bin = one.counts()[k];
      if (bin.cases == 0) continue;
      cells.push_back(
          Json::array({k, bin.cases, bin.positives, bin.probability.text(),
                       bin.positive_probability.text(), bin.squared_probability.text()}));
    }
    part.set("type", "reliability");
    part.set("rule", kPooledEceConvention);
    part.set("bins", bins_json(one.bins()));
    part.set("cells", Json(std::move(cells)));
  }

  void operator()(const CalibrationHistogram& one) const {
    Json::Array cells;
    for (std::size_t k = 0; 2 * k < one.cells().size(); ++k) {
      const auto& negative = one.cells()[2 * k];
      const auto& positive = one.cells()[2 * k + 1];
      if (negative.cases == 0 && positive.cases == 0) continue;
      cells.push_back(Json::array(
          {k, negative.cases, negative.logits.text(), positive.cases, positive.logits.text()}));
    }
    part.set("type", "logit-histogram");
    part.set("rule", kHistogramSlopeConvention);
    part.set("bins", bins_json(one.bins()));
    part.set("clipped", one.clipped());
    part.set("cells", Json(std::move(cells)));
  }
};

}  // namespace

Json summary_document(const SiteSummary& summary, std::string_view program) {
  Json::Array parts;
  for (const SummaryPart& one : summary.parts) {
    Json part = Json::object({{"metric", one.metric}, {"of", one.of}});
    std::visit(Write{part}, one.content);
    Json undefined = Json::object();
    for (const auto& [reason, cases] : one.undefined) undefined.set(reason, cases);
    if (!one.undefined.empty()) part.set("undefined", std::move(undefined));
    parts.push_back(std::move(part));
  }
  return Json::object({{"format", kSummaryFormat},
                       {"program", program},
                       {"kind", summary.kind},
                       {"rules", summary.rules},
                       {"n_sites", summary.sites},
                       {"n_cases", summary.cases},
                       {"n_patients", summary.patients},
                       {"n_failed", summary.failed},
                       {"parts", Json(std::move(parts))}});
}

}  // namespace medperf::metrics
