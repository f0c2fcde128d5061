#include "hub/release/pooling.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace medperf::hub {

using metrics::MetaAnalysis;
using metrics::Study;

namespace {

std::optional<double> number_at(const Json& results, std::initializer_list<std::string_view> path) {
  const Json* value = results.find_path(path);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

std::optional<std::int64_t> count_at(const Json& results,
                                     std::initializer_list<std::string_view> path) {
  const Json* value = results.find_path(path);
  if (value == nullptr || !value->is_int()) return std::nullopt;
  return value->as_int();
}

std::optional<Study> study_of(Result<Study> study) {
  if (!study.ok()) return std::nullopt;
  return *study;
}

std::optional<Study> auc_of(const Json& results) {
  const auto value = number_at(results, {"auc", "value"});
  const auto se = number_at(results, {"auc", "se"});
  const auto positives = count_at(results, {"n_positive"});
  const auto negatives = count_at(results, {"n_negative"});
  if (!value || !se || !positives || !negatives) return std::nullopt;
  return study_of(metrics::auc_study(*value, *se, *positives, *negatives));
}

std::optional<Study> proportion_of(std::optional<std::int64_t> events,
                                   std::optional<std::int64_t> total) {
  if (!events || !total) return std::nullopt;
  return study_of(metrics::proportion_study(*events, *total));
}

std::optional<Study> sensitivity_of(const Json& results) {
  return proportion_of(count_at(results, {"counts", "tp"}), count_at(results, {"n_positive"}));
}

std::optional<Study> specificity_of(const Json& results) {
  return proportion_of(count_at(results, {"counts", "tn"}), count_at(results, {"n_negative"}));
}

/// The warnings of room metrics, for people.
std::string in_words(std::string_view what, std::string_view figure, std::size_t sites) {
  const std::string name(figure);
  if (what == metrics::warning::kOneSite) {
    return name + ": only one site, nothing is pooled.";
  }
  if (what == metrics::warning::kFewSites) {
    return name + ": " + std::to_string(sites) +
           " sites are too few to say what another site would see.";
  }
  if (what == metrics::warning::kContinuity) {
    return name + ": a site without errors was corrected by one half a case.";
  }
  if (what == metrics::warning::kTauIntervalEmpty) {
    return name + ": the sites agree more than chance explains.";
  }
  return name + ": " + std::string(what);
}

std::optional<MetaAnalysis> pool_figure(const std::vector<SiteResult>& sites, std::string_view name,
                                        std::optional<Study> (*figure)(const Json&),
                                        std::vector<std::string>& warnings) {
  std::vector<Study> studies;
  std::size_t left_out = 0;
  for (const auto& site : sites) {
    if (const auto study = figure(site.results)) {
      studies.push_back(*study);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    warnings.push_back(std::string(name) + ": " + std::to_string(left_out) +
                       " sites are left out, their figure is suppressed or undefined.");
  }
  if (studies.empty()) return std::nullopt;
  auto meta = metrics::meta_analyse(studies);
  if (!meta.ok()) {
    warnings.push_back(std::string(name) + ": not pooled: " + meta.error().text());
    return std::nullopt;
  }
  for (const auto what : meta->warnings) {
    warnings.push_back(in_words(what, name, studies.size()));
  }
  return std::move(*meta);
}

Json heterogeneity_json(const MetaAnalysis& meta) {
  return Json::object({{"q", meta.q},
                       {"df", meta.df},
                       {"p", meta.q_p_value},
                       {"i2", meta.i2},
                       {"tau2", meta.tau2},
                       {"tau2_low", meta.tau2_interval.low},
                       {"tau2_high", meta.tau2_interval.high}});
}

Json figure_json(const std::optional<MetaAnalysis>& meta) {
  if (!meta) return nullptr;
  Json prediction;
  if (meta->prediction) {
    prediction = Json::object({{"low", meta->prediction->low}, {"high", meta->prediction->high}});
  }
  return Json::object({{"value", meta->value},
                       {"low", meta->interval.low},
                       {"high", meta->interval.high},
                       {"sites", meta->k},
                       {"convention", meta->convention},
                       {"prediction", std::move(prediction)},
                       {"heterogeneity", heterogeneity_json(*meta)}});
}

}  // namespace

Pooled pool(const std::vector<SiteResult>& sites) {
  Pooled pooled;
  pooled.auc = pool_figure(sites, "AUC", auc_of, pooled.warnings);
  pooled.sensitivity = pool_figure(sites, "Sensitivity", sensitivity_of, pooled.warnings);
  pooled.specificity = pool_figure(sites, "Specificity", specificity_of, pooled.warnings);
  return pooled;
}

Json to_json(const Pooled& pooled) {
  Json warnings = Json::array();
  for (const auto& warning : pooled.warnings) warnings.push(warning);
  return Json::object({{"auc", figure_json(pooled.auc)},
                       {"sensitivity", figure_json(pooled.sensitivity)},
                       {"specificity", figure_json(pooled.specificity)},
                       {"heterogeneity", pooled.auc ? heterogeneity_json(*pooled.auc) : Json()},
                       {"warnings", std::move(warnings)}});
}

}  // namespace medperf::hub
