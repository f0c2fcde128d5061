// Sites to one figure.

#include "cohort/meta.h"

#include <fmt/format.h>

#include "apps/metrics/answer.h"
#include "base/exit_codes.h"
#include "base/files.h"
#include "base/text_table.h"

namespace medperf::metrics_app {
namespace {

using metrics::IntervalMethod;
using metrics::TauEstimator;

cohort::MetaChoice choice_of(const Request& request) {
  cohort::MetaChoice choice;
  if (request.scale == "logit") choice.scale = metrics::Scale::kLogit;
  if (request.scale == "identity") choice.scale = metrics::Scale::kIdentity;
  metrics::MetaOptions& options = choice.options;
  options.level = request.level;
  if (request.estimator == "dl") options.estimator = TauEstimator::kDerSimonianLaird;
  if (request.estimator == "pm") options.estimator = TauEstimator::kPauleMandel;
  if (request.estimator == "none") options.model = metrics::EffectModel::kCommon;
  if (request.interval == "hksj-unfloored") options.interval = IntervalMethod::kHartungKnapp;
  if (request.interval == "wald") options.interval = IntervalMethod::kWald;
  if (request.prediction == "interval") {
    options.prediction = metrics::PredictionQuantile::kOfTheInterval;
  }
  return choice;
}

std::string or_word(const std::string& chosen, const char* otherwise) {
  return chosen.empty() ? otherwise : chosen;
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string text_of(const std::optional<metrics::Interval>& interval) {
  return interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-";
}

std::string table_of(const std::string& title, const std::vector<cohort::MetaLine>& lines) {
  std::vector<std::vector<std::string>> rows;
  for (const cohort::MetaLine& line : lines) {
    rows.push_back({line.what, number(line.value), text_of(line.interval),
                    line.remark.empty() ? "-" : line.remark,
                    line.convention.empty() ? "-" : line.convention});
  }
  return table_text({title, "VALUE", "INTERVAL", "REMARK", "CONVENTION"}, rows);
}

std::string text_of(const cohort::MetaAnswer& answer) {
  std::string text;
  for (const cohort::PooledSites& one : answer.figures) {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < one.forest.size(); ++i) {
      const metrics::ForestRow& row = one.forest[i];
      const bool alone = one.left_out.empty();
      rows.push_back({answer.sites[i], number(row.value), text_of(row.interval), number(row.weight),
                      alone ? "-" : number(one.left_out[i].value),
                      alone ? "-" : text_of(one.left_out[i].interval),
                      row.corrected ? std::string(metrics::warning::kContinuity) : "-"});
    }
    text += one.of + "\n" +
            table_text({"SITE", "VALUE", "INTERVAL", "WEIGHT", "WITHOUT IT", "INTERVAL", "REMARK"},
                       rows) +
            "\n" + table_of("FIGURE", cohort::meta_lines(one)) + "\n";
  }
  if (answer.pair)
    text += "as a pair\n" + table_of("FIGURE", cohort::pair_lines(*answer.pair)) + "\n";
  return text + fmt::format("{} sites.\n", answer.sites.size());
}

}  // namespace

Result<int> answer_meta(const Request& request) {
  MEDPERF_TRY(const std::string table, read_file(request.inputs[0]));
  auto pooled = cohort::pool_sites(table, choice_of(request));
  if (!pooled) return std::move(pooled).error().at(request.inputs[0]);
  const cohort::MetaAnswer& answer = *pooled;
  const Json options =
      Json::object({{"scale", request.scale.empty() ? Json() : Json(request.scale)},
                    {"tau2", or_word(request.estimator, "reml")},
                    {"interval", or_word(request.interval, "hksj")},
                    {"prediction", or_word(request.prediction, "k-2")},
                    {"level", request.level}});
  const std::string json = to_pretty_text(cohort::meta_document(answer, kProgram, options)) + "\n";
  const std::string csv = cohort::meta_csv(answer);
  MEDPERF_CHECK(save(request.json_file, json));
  MEDPERF_CHECK(save(request.csv_file, csv));
  if (!request.html_file.empty()) {
    MEDPERF_CHECK(save(request.html_file, cohort::meta_report(answer, kProgram, options)));
  }
  MEDPERF_CHECK(print(request.json ? json : request.csv ? csv : text_of(answer)));
  return kExitOk;
}

}  // namespace medperf::metrics_app
