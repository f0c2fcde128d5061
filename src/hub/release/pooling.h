#pragma once
// One model over its sites: what the benchmark's result schema declares to be merged, merged by
// room metrics. No metric is named here, so another benchmark needs no code.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "hub/release/pooled_cases.h"
#include "metrics/statistics/meta_analysis.h"
#include "result/schema.h"

namespace medperf::hub {

/// One counted result: a model at a site.
struct SiteResult {
  std::int64_t result = 0;
  std::int64_t dataset = 0;
  std::string site;         ///< the dataset's name
  bool is_viewers = false;  ///< of a dataset that the person who looks acts for
  Json results;             ///< `results` of the envelope
};

/// A number that tables show, as the result schema declares it.
struct Figure {
  std::string key;   ///< "auc": the path, without a last ".value"
  std::string name;  ///< for people: the schema's title, else the metric's name, else the key
  result::MetricDeclaration declaration;
  /// The number in one result; null pointer when it is missing or suppressed.
  const Json* in(const Json& results) const;
};
/// What stands at a dotted path; null pointer for nothing.
const Json* at_path(const Json& results, std::string_view path);
/// The figures of the schema's table, in its order.
std::vector<Figure> figures_of(const result::ResultSchema& schema);
/// The first figure that is merged by random effects: the one by which models are ranked.
const Figure* ranking_figure(const std::vector<Figure>& figures);

struct PooledFigure {
  std::string key;
  std::size_t sites = 0;                      ///< that have the figure
  std::optional<metrics::MetaAnalysis> meta;  ///< of random effects
  std::optional<std::int64_t> sum;
  std::vector<std::string> warnings = {};  ///< sentences about this figure
  /// How its heterogeneity was found; of few events the figure itself is by another model.
  std::string_view heterogeneity_convention = {};
};

struct Pooled {
  std::vector<PooledFigure> figures;  ///< those that are merged
  std::optional<PooledCases> cases;   ///< from the sites' summaries
  std::vector<std::string> warnings;  ///< sentences
  /// Of a figure that is merged by random effects; null pointer if it is not pooled.
  const PooledFigure* find(const Figure* figure) const;
  const metrics::MetaAnalysis* meta(const Figure* figure) const;
};

/// Random effects (REML, logit scale, Hartung-Knapp) or sums over the sites that have the figure; a
/// site whose figure is suppressed is left out with a warning. Proportions with fewer than 20
/// events or non-events at a site are pooled in one stage, with a warning; each figure's convention
/// says which it was.
Pooled pool(const std::vector<Figure>& figures, const std::vector<SiteResult>& sites);
/// Without the figures that too few sites have, by the release policy: a result may hold less than
/// the site measured, and a figure over two of five sites is one over two sites.
Pooled released(Pooled pooled, const std::vector<Figure>& figures,
                const std::function<bool(std::size_t sites)>& enough);
/// {"figures": {"auc": {...}, ...}, "heterogeneity": of the ranking figure, "cases": of
/// PooledCases or null, "warnings"}.
Json to_json(const Pooled& pooled, const std::vector<Figure>& figures);

}  // namespace medperf::hub
