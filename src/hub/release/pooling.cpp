#include "hub/release/pooling.h"

#include <utility>

#include "base/encoding.h"
#include "metrics/vocabulary.h"

namespace medperf::hub {

using metrics::MetaAnalysis;
using metrics::Study;

namespace {

constexpr std::string_view kRandomEffects = "random-effects-logit";
constexpr std::string_view kSum = "sum";

const Json* number_at(const Json& results, std::string_view path) {
  const Json* value = at_path(results, path);
  return value != nullptr && value->is_number() ? value : nullptr;
}

/// The site's figure on the working scale, made from what the schema says it is made from.
std::optional<Study> study_of(const Figure& figure, const Json& results) {
  const auto& from = figure.declaration.merge_from;
  const auto part = [&](std::string_view name) -> const Json* {
    const auto named = from.find(name);
    return named == from.end() ? nullptr : number_at(results, named->second);
  };
  const auto count = [&](std::string_view name) -> std::optional<std::int64_t> {
    const Json* value = part(name);
    if (value == nullptr || !value->is_int()) return std::nullopt;
    return value->as_int();
  };
  Result<Study> study = make_error(ErrorKind::kInvalid, figure.key, "suppressed or undefined");
  if (from.contains("se")) {
    const Json* value = figure.in(results);
    const Json* se = part("se");
    const auto positives = count("positives");
    const auto negatives = count("negatives");
    if (value != nullptr && se != nullptr && positives && negatives) {
      study = metrics::auc_study(value->as_double(), se->as_double(), *positives, *negatives);
    }
  } else if (const auto events = count("events"), total = count("total"); events && total) {
    study = metrics::proportion_study(*events, *total);
  }
  if (!study.ok()) return std::nullopt;
  return *study;
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

void note_left_out(const Figure& figure, std::size_t left_out, Pooled& pooled) {
  if (left_out == 0) return;
  pooled.warnings.push_back(figure.name + ": " + std::to_string(left_out) +
                            " sites are left out, their figure is suppressed or undefined.");
}

void add_random_effects(const Figure& figure, const std::vector<SiteResult>& sites,
                        Pooled& pooled) {
  if (figure.declaration.merge_from.empty()) {
    pooled.warnings.push_back(figure.name +
                              ": not pooled: the result schema does not say from what.");
    return;
  }
  std::vector<Study> studies;
  for (const auto& site : sites) {
    if (const auto study = study_of(figure, site.results)) studies.push_back(*study);
  }
  note_left_out(figure, sites.size() - studies.size(), pooled);
  if (studies.empty()) return;
  auto meta = metrics::meta_analyse(studies);
  if (!meta.ok()) {
    pooled.warnings.push_back(figure.name + ": not pooled: " + meta.error().text());
    return;
  }
  std::vector<std::string> warnings;
  for (const auto what : meta->warnings) {
    warnings.push_back(in_words(what, figure.name, studies.size()));
  }
  pooled.figures.push_back(
      {figure.key, studies.size(), std::move(*meta), std::nullopt, std::move(warnings)});
}

void add_sum(const Figure& figure, const std::vector<SiteResult>& sites, Pooled& pooled) {
  PooledFigure total{figure.key, 0, std::nullopt, 0};
  for (const auto& site : sites) {
    const Json* value = figure.in(site.results);
    if (value == nullptr || !value->is_int()) continue;
    *total.sum += value->as_int();
    ++total.sites;
  }
  note_left_out(figure, sites.size() - total.sites, pooled);
  if (total.sites > 0) pooled.figures.push_back(std::move(total));
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

Json figure_json(const PooledFigure& figure) {
  if (!figure.meta) {
    return Json::object(
        {{"value", *figure.sum}, {"sites", figure.sites}, {"convention", std::string(kSum)}});
  }
  const MetaAnalysis& meta = *figure.meta;
  Json prediction;
  if (meta.prediction) {
    prediction = Json::object({{"low", meta.prediction->low}, {"high", meta.prediction->high}});
  }
  return Json::object({{"value", meta.value},
                       {"low", meta.interval.low},
                       {"high", meta.interval.high},
                       {"sites", figure.sites},
                       {"convention", meta.convention},
                       {"prediction", std::move(prediction)},
                       {"heterogeneity", heterogeneity_json(meta)}});
}

}  // namespace

const Json* at_path(const Json& results, std::string_view path) {
  const Json* value = &results;
  for (const auto name : split(path, '.')) {
    value = value == nullptr ? nullptr : value->find(name);
  }
  return value;
}

const Json* Figure::in(const Json& results) const {
  return number_at(results, declaration.path);
}

std::vector<Figure> figures_of(const result::ResultSchema& schema) {
  constexpr std::string_view kValue = ".value";
  std::vector<Figure> figures;
  for (const auto& path : schema.shown()) {
    Figure figure;
    figure.declaration = *schema.metric(path);
    figure.key = path.ends_with(kValue) ? path.substr(0, path.size() - kValue.size()) : path;
    const auto* known = metrics::find_metric(figure.declaration.metric);
    figure.name = !figure.declaration.title.empty() ? figure.declaration.title
                  : known != nullptr                ? std::string(known->name)
                                                    : figure.key;
    figures.push_back(std::move(figure));
  }
  return figures;
}

const Figure* ranking_figure(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    if (figure.declaration.merge == kRandomEffects) return &figure;
  }
  return nullptr;
}

const MetaAnalysis* Pooled::meta(const Figure* figure) const {
  if (figure == nullptr) return nullptr;
  for (const PooledFigure& pooled : figures) {
    if (pooled.key == figure->key && pooled.meta) return &*pooled.meta;
  }
  return nullptr;
}

Pooled pool(const std::vector<Figure>& figures, const std::vector<SiteResult>& sites) {
  Pooled pooled;
  for (const Figure& figure : figures) {
    if (figure.declaration.merge == kRandomEffects) add_random_effects(figure, sites, pooled);
    if (figure.declaration.merge == kSum) add_sum(figure, sites, pooled);
  }
  return pooled;
}

Pooled released(Pooled pooled, const std::vector<Figure>& figures,
                const std::function<bool(std::size_t sites)>& enough) {
  const auto withheld = [&pooled](const std::string& name) {
    pooled.warnings.push_back(name + ": fewer sites have it than the release policy asks for.");
  };
  std::vector<PooledFigure> kept;
  for (PooledFigure& figure : pooled.figures) {
    if (enough(figure.sites)) {
      kept.push_back(std::move(figure));
      continue;
    }
    for (const Figure& declared : figures) {
      if (declared.key == figure.key) withheld(declared.name);
    }
  }
  pooled.figures = std::move(kept);
  if (pooled.cases && !enough(pooled.cases->sites)) {
    pooled.cases.reset();
    withheld("All cases");
  }
  return pooled;
}

Json to_json(const Pooled& pooled, const std::vector<Figure>& figures) {
  Json merged = Json::object();
  for (const PooledFigure& figure : pooled.figures) merged.set(figure.key, figure_json(figure));
  Json warnings = Json::array();
  for (const auto& warning : pooled.warnings) warnings.push(warning);
  for (const PooledFigure& figure : pooled.figures) {
    for (const auto& warning : figure.warnings) warnings.push(warning);
  }
  const MetaAnalysis* ranking = pooled.meta(ranking_figure(figures));
  return Json::object(
      {{"figures", std::move(merged)},
       {"heterogeneity", ranking == nullptr ? Json() : heterogeneity_json(*ranking)},
       {"cases", pooled.cases ? to_json(*pooled.cases) : Json()},
       {"warnings", std::move(warnings)}});
}

}  // namespace medperf::hub
