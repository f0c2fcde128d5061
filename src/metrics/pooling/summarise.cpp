#include "metrics/pooling/summarise.h"

#include "base/json.h"
#include "metrics/classification/threshold.h"

namespace medperf::metrics {
namespace {

/// Logits are the largest part by far, and so are left out where there is a summary for each label.
enum class Logits { kIn, kOut };

/// The parts of cases with one score each, in the order of the document.
Status add_scores(std::span<const ScoredCase> cases, double threshold, const std::string& of,
                  Logits with_logits, SiteSummary& summary) {
  MEDPERF_TRY(auto scores, ScoreHistogram::empty(kSummaryScoreBins));
  MEDPERF_TRY(auto reliability, ReliabilityTable::empty());
  MEDPERF_TRY(auto logits, CalibrationHistogram::empty());
  MomentSummary squares;
  MEDPERF_TRY(const auto table, confusion_at(cases, threshold));
  for (const ScoredCase& one : cases) {
    if (!(one.score >= 0 && one.score <= 1)) {
      return make_error(ErrorKind::kInvalid, "scores", "a score is not a probability",
                        "Summaries of sites need scores in [0, 1], since all sites share their "
                        "bins.");
    }
    MEDPERF_CHECK(scores.add(one.score, one.positive));
    MEDPERF_CHECK(reliability.add(one.score, one.positive));
    if (with_logits == Logits::kIn) MEDPERF_CHECK(logits.add(one.score, one.positive));
    const double error = one.score - (one.positive ? 1 : 0);
    // What is smaller than any probability of meaning is no error, and out of the sums' range.
    MEDPERF_CHECK(squares.add(error * error < 0x1p-200 ? 0 : error * error));
  }
  summary.parts.push_back({"auroc", of, std::move(scores), {}});
  summary.parts.push_back({"confusion-count", of, DecisionCounts{threshold, table}, {}});
  summary.parts.push_back({"brier", of, squares, {}});
  summary.parts.push_back({"ece", of, std::move(reliability), {}});
  if (with_logits == Logits::kIn) {
    summary.parts.push_back({"calibration-slope", of, std::move(logits), {}});
  }
  return {};
}

SiteSummary begun(std::string kind, std::string rules, std::size_t cases, std::int64_t patients) {
  SiteSummary summary;
  summary.kind = std::move(kind);
  summary.rules = std::move(rules);
  summary.cases = static_cast<std::int64_t>(cases);
  summary.patients = patients;
  return summary;
}

std::string rules_of(double threshold) {
  return to_canonical(Json::object({{"threshold", threshold}}));
}

}  // namespace

Result<SiteSummary> summarise_scores(std::span<const ScoredCase> cases, std::int64_t patients,
                                     double threshold) {
  SiteSummary summary = begun("binary classification", rules_of(threshold), cases.size(), patients);
  MEDPERF_CHECK(add_scores(cases, threshold, "", Logits::kIn, summary));
  return summary;
}

Result<SiteSummary> summarise_labels(std::span<const LabelledCases> labels, std::int64_t patients,
                                     double threshold) {
  SiteSummary summary = begun("multi-label classification", rules_of(threshold),
                              labels.empty() ? 0 : labels.front().cases.size(), patients);
  for (const LabelledCases& one : labels) {
    MEDPERF_CHECK(add_scores(one.cases, threshold, one.label, Logits::kOut, summary));
  }
  return summary;
}

Result<SiteSummary> summarise_classes(std::span<const int> reference,
                                      std::span<const int> predicted,
                                      const std::vector<std::string>& classes,
                                      std::int64_t patients) {
  SiteSummary summary = begun("multi-class classification", "{}", reference.size(), patients);
  MEDPERF_TRY(auto table,
              CountTable::empty(class_table_rule(classes), classes.size(), classes.size()));
  for (std::size_t i = 0; i < reference.size(); ++i) {
    MEDPERF_CHECK(
        table.add(static_cast<std::size_t>(reference[i]), static_cast<std::size_t>(predicted[i])));
  }
  summary.parts.push_back({"accuracy", "", std::move(table), {}});
  return summary;
}

}  // namespace medperf::metrics
