#include "hub/release/pooling.h"

#include <utility>

#include "base/encoding.h"
#include "metrics/statistics/proportion_pooling.h"
#include "metrics/vocabulary.h"

namespace medperf::hub {

using metrics::BinomialCount;
using metrics::MetaAnalysis;
using metrics::PooledProportion;
using metrics::Study;

namespace {

constexpr std::string_view kRandomEffects = "random-effects-logit";
constexpr std::string_view kSum = "sum";

const Json* number_at(const Json& results, std::string_view path) {
  const Json* value = at_path(results, path);
  return value != nullptr && value->is_number() ? value : nullptr;
}

/// The numbers that the schema says a figure is merged from.
struct Parts {
  const Figure& figure;
  const Json& results;

  bool has(std::string_view name) const {
    return figure.declaration.merge_from.find(name) != figure.declaration.merge_from.end();
  }
  const Json* number(std::string_view name) const {
    const auto named = figure.declaration.merge_from.find(name);
    return named == figure.declaration.merge_from.end() ? nullptr
                                                        : number_at(results, named->second);
  }
  std::optional<std::int64_t> count(std::string_view name) const {
    const Json* value = number(name);
    if (value == nullptr || !value->is_int()) return std::nullopt;
    return value->as_int();
  }
};

std::optional<Study> area_of(const Parts& site) {
  const Json* value = site.figure.in(site.results);
  const Json* se = site.number("se");
  const auto positives = site.count("positives");
  const auto negatives = site.count("negatives");
  if (value == nullptr || se == nullptr || !positives || !negatives) return std::nullopt;
  auto study = metrics::auc_study(value->as_double(), se->as_double(), *positives, *negatives);
  if (!study.ok()) return std::nullopt;
  return *study;
}

std::optional<BinomialCount> count_of(const Parts& site) {
  const auto events = site.count("events");
  const auto total = site.count("total");
  if (!events || !total || !metrics::proportion_study(*events, *total).ok()) return std::nullopt;
  return BinomialCount{*events, *total};
}

/// The warnings of room metrics, for people.
std::string in_words(std::string_view what, std::string_view figure, const MetaAnalysis& meta) {
  const std::string name(figure);
  if (what == metrics::warning::kOneSite) {
    return name + ": only one site, nothing is pooled.";
  }
  if (what == metrics::warning::kFewSites) {
    return name + ": " + std::to_string(meta.k) +
           " sites are too few to say what another site would see.";
  }
  if (what == metrics::warning::kContinuity) {
    return name + ": a site without errors was corrected by one half a case.";
  }
  if (what == metrics::warning::kTauIntervalEmpty) {
    return name + ": the sites agree more than chance explains.";
  }
  if (what == metrics::warning::kFewEvents) {
    const bool in_one = meta.convention == metrics::kBinomialMixedConvention;
    return name + ": a site has fewer than " + std::to_string(metrics::kEventsForTwoStages) +
           " events or non-events" +
           (in_one ? ", so the sites are pooled in one stage, from their counts."
                   : "; its interval may miss the truth more often than it says.");
  }
  return name + ": " + std::string(what);
}

void note_left_out(const Figure& figure, std::size_t left_out, Pooled& pooled) {
  if (left_out == 0) return;
  pooled.warnings.push_back(figure.name + ": " + std::to_string(left_out) +
                            " sites are left out, their figure is suppressed or undefined.");
}

Result<PooledProportion> pool_areas(const std::vector<Study>& areas) {
  MEDPERF_TRY(auto analysis, metrics::meta_analyse(areas));
  const std::string_view convention = analysis.convention;
  return PooledProportion{std::move(analysis), convention};
}

void add_random_effects(const Figure& figure, const std::vector<SiteResult>& sites,
                        Pooled& pooled) {
  if (figure.declaration.merge_from.empty()) {
    pooled.warnings.push_back(figure.name +
                              ": not pooled: the result schema does not say from what.");
    return;
  }
  std::vector<Study> areas;
  std::vector<BinomialCount> counts;
  for (const auto& site : sites) {
    const Parts parts{figure, site.results};
    if (parts.has("se")) {
      if (const auto area = area_of(parts)) areas.push_back(*area);
    } else if (const auto count = count_of(parts)) {
      counts.push_back(*count);
    }
  }
  const std::size_t found = areas.size() + counts.size();
  note_left_out(figure, sites.size() - found, pooled);
  if (found == 0) return;
  auto merged = areas.empty() ? metrics::pool_proportions(counts) : pool_areas(areas);
  if (!merged.ok()) {
    pooled.warnings.push_back(figure.name + ": not pooled: " + merged.error().text());
    return;
  }
  std::vector<std::string> warnings;
  for (const auto what : merged->analysis.warnings) {
    warnings.push_back(in_words(what, figure.name, merged->analysis));
  }
  pooled.figures.push_back({figure.key, found, std::move(merged->analysis), std::nullopt,
                            std::move(warnings), merged->heterogeneity_convention});
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

Json heterogeneity_json(const PooledFigure& figure) {
  const MetaAnalysis& meta = *figure.meta;
  return Json::object({{"convention", figure.heterogeneity_convention},
                       {"q", meta.q},
                       {"df", meta.df},
                       {"p", meta.q_p_value},
                       {"i2", meta.i2},
                       {"h2", meta.h2},
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
                       {"heterogeneity", heterogeneity_json(figure)}});
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

const PooledFigure* Pooled::find(const Figure* figure) const {
  if (figure == nullptr) return nullptr;
  for (const PooledFigure& pooled : figures) {
    if (pooled.key == figure->key && pooled.meta) return &pooled;
  }
  return nullptr;
}

const MetaAnalysis* Pooled::meta(const Figure* figure) const {
  const PooledFigure* const found = find(figure);
  return found == nullptr ? nullptr : &*found->meta;
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
  const PooledFigure* ranking = pooled.find(ranking_figure(figures));
  return Json::object(
      {{"figures", std::move(merged)},
       {"heterogeneity", ranking == nullptr ? Json() : heterogeneity_json(*ranking)},
       {"cases", pooled.cases ? to_json(*pooled.cases) : Json()},
       {"warnings", std::move(warnings)}});
}

}  // namespace medperf::hub
