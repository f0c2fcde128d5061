// What a site sends of its cases so that they can be pooled without leaving it, and their figures.

#include <algorithm>
#include <unordered_set>

#include "metrics/pooling/summarise.h"
#include "metrics/pooling/summary_json.h"
#include "tasks.h"

namespace medperf::python {
namespace {

constexpr std::string_view kProgram = "medperf-metrics for Python";

Json document(const metrics::SiteSummary& summary) {
  return to_text(metrics::summary_document(summary, kProgram));
}

/// How many patients the cases have: as many as cases where none are given.
Result<std::int64_t> patient_count(Arguments& arguments, std::size_t cases) {
  MEDPERF_TRY(const auto patients, arguments.patients(cases));
  if (!patients) return static_cast<std::int64_t>(cases);
  return static_cast<std::int64_t>(
      std::unordered_set<std::int64_t>(patients->begin(), patients->end()).size());
}

/// scores, labels, patients; threshold.
Result<Json> summarise_scores(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto cases, arguments.probability_cases());
  MEDPERF_TRY(const auto patients, patient_count(arguments, cases.size()));
  MEDPERF_TRY(const double threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const auto summary, metrics::summarise_scores(cases, patients, threshold));
  return document(summary);
}

/// Different names, at least so many.
Result<std::vector<std::string>> names_of(Arguments& arguments, std::size_t least) {
  MEDPERF_TRY(const auto names, arguments.texts("names"));
  if (names.size() < least) return wrong("names", "there are too few");
  if (std::unordered_set<std::string>(names.begin(), names.end()).size() < names.size()) {
    return wrong("names", "one is there twice");
  }
  return names;
}

/// scores and labels row by row, patients; names, threshold.
Result<Json> summarise_labels(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto all, arguments.probability_cases());
  MEDPERF_TRY(const auto names, names_of(arguments, 1));
  MEDPERF_TRY(const double threshold, arguments.number("threshold", 0.5));
  const std::size_t cases = all.size() / names.size();
  if (all.size() != cases * names.size()) {
    return wrong("names", "there is not one for each column of scores");
  }
  MEDPERF_TRY(const auto patients, patient_count(arguments, cases));
  std::vector<metrics::LabelledCases> labels;
  for (std::size_t k = 0; k < names.size(); ++k) {
    labels.push_back({names[k], {}});
    for (std::size_t i = 0; i < cases; ++i) {
      labels.back().cases.push_back(all[i * names.size() + k]);
    }
  }
  MEDPERF_TRY(const auto summary, metrics::summarise_labels(labels, patients, threshold));
  return document(summary);
}

/// predicted, reference, patients; names.
Result<Json> summarise_classes(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto names, names_of(arguments, 2));
  const auto count = static_cast<std::int64_t>(names.size());
  MEDPERF_TRY(const auto predicted, arguments.classes("predicted", count));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", count));
  MEDPERF_CHECK(same_length("predicted", predicted.size(), "reference", reference.size()));
  MEDPERF_TRY(const auto patients, patient_count(arguments, reference.size()));
  MEDPERF_TRY(const auto summary,
              metrics::summarise_classes(reference, predicted, names, patients));
  return document(summary);
}

/// summaries (documents); level.
Result<Json> pool(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto texts, arguments.texts("summaries"));
  MEDPERF_TRY(const double level, arguments.level());
  if (texts.empty()) return wrong("summaries", "there is none");
  std::optional<metrics::SiteSummary> all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string place = "summaries: at position " + std::to_string(i);
    auto one = metrics::parse_summary(texts[i]);
    if (!one) return std::move(one).error().at(place);
    if (!all) {
      all = *std::move(one);
    } else if (const Status merged = all->merge(*one); !merged) {
      return Error(merged.error()).at(place);
    }
  }
  Json::Array rows;
  for (const metrics::PooledFigure& one : metrics::pooled_figures(*all, level)) {
    rows.push_back(Json::object({{"metric", one.metric},
                                 {"of", one.of},
                                 {"estimate", figure(one.estimate)},
                                 {"bound", one.bound}}));
  }
  return Json::object({{"kind", all->kind},
                       {"sites", all->sites},
                       {"cases", all->cases},
                       {"patients", all->patients},
                       {"failed", all->failed},
                       {"figures", Json(std::move(rows))},
                       {"summary", document(*all)}});
}

constexpr NamedTask kTasks[] = {{"summarise_scores", summarise_scores},
                                {"summarise_labels", summarise_labels},
                                {"summarise_classes", summarise_classes},
                                {"pool", pool}};

}  // namespace

std::span<const NamedTask> summary_tasks() {
  return kTasks;
}

}  // namespace medperf::python
