#include "hub/release/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace medperf::hub {

namespace {

bool lower_is_better(const Figure& figure) {
  return figure.declaration.direction == "lower";
}
bool is_better(const Figure& figure, double a, double b) {
  return lower_is_better(figure) ? a < b : a > b;
}

/// A model's worst site.
struct Worst {
  std::string site;
  double value;
};

std::optional<Worst> worst_site(const Figure& figure, const ModelFigures& model) {
  std::optional<Worst> worst;
  if (model.sites == nullptr) return worst;
  for (const auto& site : *model.sites) {
    const Json* value = figure.in(site.results);
    if (value == nullptr) continue;
    const bool worse = !worst || is_better(figure, worst->value, value->as_double());
    if (worse) worst = {site.site, value->as_double()};
  }
  return worst;
}

std::string worst_text(const Figure& figure, const ModelFigures& best, const ModelFigures& second) {
  const auto first = worst_site(figure, best);
  const auto other = worst_site(figure, second);
  if (!first || !other) return {};
  return fmt::format(" Its {} {} is {:.3f} ({}), that of {} is {:.3f} ({}).",
                     lower_is_better(figure) ? "highest" : "lowest", figure.name, first->value,
                     first->site, second.name, other->value, other->site);
}

std::string spread_text(const Figure& figure, const metrics::MetaAnalysis& meta,
                        std::int64_t minimum_sites) {
  std::string text;
  if (meta.k > 1) {
    text = fmt::format(" {:.0f} % of the variation of its {} lies between the sites (I2).",
                       100 * meta.i2, figure.name);
  }
  if (static_cast<std::int64_t>(meta.k) < minimum_sites) {
    text += fmt::format(" {} site{} too few for a statement about others: another site may differ.",
                        meta.k, meta.k == 1 ? " is" : "s are");
  }
  return text;
}

}  // namespace

std::string summary_sentence(const Figure* figure, const std::vector<ModelFigures>& models,
                             std::int64_t minimum_sites) {
  struct Ranked {
    const ModelFigures* model;
    const metrics::MetaAnalysis* meta;
  };
  std::vector<Ranked> ranked;
  for (const auto& model : models) {
    const auto* meta = model.pooled == nullptr ? nullptr : model.pooled->meta(figure);
    if (meta != nullptr) ranked.push_back({&model, meta});
  }
  if (ranked.empty()) return "No pooled figures can be shown yet.";
  std::stable_sort(ranked.begin(), ranked.end(), [&](const Ranked& a, const Ranked& b) {
    return is_better(*figure, a.meta->value, b.meta->value);
  });
  const bool lower = lower_is_better(*figure);
  const auto& best = *ranked.front().meta;
  std::string text = fmt::format(
      "Over {} site{}, {} has the {} pooled {}: {:.3f} (95 % interval {:.3f} to {:.3f}).", best.k,
      best.k == 1 ? "" : "s", ranked.front().model->name, lower ? "lowest" : "highest",
      figure->name, best.value, best.interval.low, best.interval.high);
  if (ranked.size() > 1) {
    const auto& next = *ranked[1].meta;
    text += fmt::format(" {} follows with {:.3f} ({:.3f} to {:.3f})", ranked[1].model->name,
                        next.value, next.interval.low, next.interval.high);
    const bool apart =
        lower ? next.interval.low > best.interval.high : next.interval.high < best.interval.low;
    text += apart ? "; the intervals do not overlap."
                  : "; the intervals overlap, so the order of the two may be chance.";
    text += worst_text(*figure, *ranked[0].model, *ranked[1].model);
  }
  return text + spread_text(*figure, best, minimum_sites);
}

}  // namespace medperf::hub
