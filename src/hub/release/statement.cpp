#include "hub/release/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace medperf::hub {

namespace {

struct Lowest {
  std::string site;
  double value;
};

std::optional<Lowest> lowest_site(const ModelFigures& model) {
  std::optional<Lowest> lowest;
  if (model.sites == nullptr) return lowest;
  for (const auto& site : *model.sites) {
    const Json* value = site.results.find_path({"auc", "value"});
    if (value == nullptr || !value->is_number()) continue;
    if (!lowest || value->as_double() < lowest->value) lowest = {site.site, value->as_double()};
  }
  return lowest;
}

std::string lowest_text(const ModelFigures& best, const ModelFigures& second) {
  const auto first = lowest_site(best);
  const auto other = lowest_site(second);
  if (!first || !other) return {};
  return fmt::format(" Its lowest AUC is {:.3f} ({}), that of {} is {:.3f} ({}).", first->value,
                     first->site, second.name, other->value, other->site);
}

std::string spread_text(const metrics::MetaAnalysis& auc, std::int64_t minimum_sites) {
  std::string text;
  if (auc.k > 1) {
    text = fmt::format(" {:.0f} % of the variation of its AUC lies between the sites (I2).",
                       100 * auc.i2);
  }
  if (static_cast<std::int64_t>(auc.k) < minimum_sites) {
    text += fmt::format(" {} site{} too few for a statement about others: another site may differ.",
                        auc.k, auc.k == 1 ? " is" : "s are");
  }
  return text;
}

}  // namespace

std::string summary_sentence(const std::vector<ModelFigures>& models, std::int64_t minimum_sites) {
  std::vector<const ModelFigures*> ranked;
  for (const auto& model : models) {
    if (model.pooled != nullptr && model.pooled->auc) ranked.push_back(&model);
  }
  if (ranked.empty()) return "No pooled figures can be shown yet.";
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto* a, const auto* b) {
    return a->pooled->auc->value > b->pooled->auc->value;
  });
  const auto& best = *ranked.front()->pooled->auc;
  std::string text = fmt::format(
      "Over {} site{}, {} has the highest pooled AUC: {:.3f} (95 % interval {:.3f} to "
      "{:.3f}).",
      best.k, best.k == 1 ? "" : "s", ranked.front()->name, best.value, best.interval.low,
      best.interval.high);
  if (ranked.size() > 1) {
    const auto& next = *ranked[1]->pooled->auc;
    text += fmt::format(" {} follows with {:.3f} ({:.3f} to {:.3f})", ranked[1]->name, next.value,
                        next.interval.low, next.interval.high);
    text += next.interval.high < best.interval.low
                ? "; the intervals do not overlap."
                : "; the intervals overlap, so the order of the two may be chance.";
    text += lowest_text(*ranked.front(), *ranked[1]);
  }
  return text + spread_text(best, minimum_sites);
}

}  // namespace medperf::hub
