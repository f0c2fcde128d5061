#include "hub/release/aggregate.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/names.h"
#include "hub/release/pooling.h"
#include "hub/release/statement.h"
#include "hub/store/repository.h"
#include "hub/store/results.h"

namespace medperf::hub {

using domain::Entity;

namespace {

struct ModelResults {
  std::int64_t id = 0;
  std::string name;
  bool is_viewers = false;  ///< the person who looks acts for its owner
  std::vector<SiteResult> sites;
};

/// The results that count, by model.
Result<std::vector<ModelResults>> results_by_model(sql::Session& session, std::int64_t benchmark,
                                                   std::int64_t viewer) {
  MEDPERF_TRY(auto counted, counted_results(session, benchmark, viewer));
  std::vector<ModelResults> models;
  for (auto& row : counted) {
    if (models.empty() || models.back().id != row.model) {
      models.push_back({row.model, std::move(row.model_name), row.model_is_viewers, {}});
    }
    MEDPERF_TRY(auto envelope, parse_json(row.envelope));
    Json* const results = envelope.find("results");
    models.back().sites.push_back({row.result, row.dataset, std::move(row.dataset_name),
                                   row.dataset_is_viewers,
                                   results == nullptr ? Json() : std::move(*results)});
  }
  return models;
}

/// The figures of the table, each as the site sent it: a number, or an object with its interval.
Json site_json(const SiteResult& site, const std::vector<Figure>& figures) {
  Json shown = Json::object();
  for (const Figure& figure : figures) {
    const Json* value = at_path(site.results, figure.key);
    shown.set(figure.key, value == nullptr ? Json() : *value);
  }
  return Json::object({{"dataset", site.dataset},
                       {"site", site.site},
                       {"result", site.result},
                       {"signed", true},
                       {"figures", std::move(shown)}});
}

/// The columns of the table, for those who print it.
Json columns_json(const std::vector<Figure>& figures) {
  Json columns = Json::array();
  for (const Figure& figure : figures) {
    columns.push(Json::object({{"key", figure.key},
                               {"name", figure.name},
                               {"direction", figure.declaration.direction},
                               {"unit", figure.declaration.unit},
                               {"merge", figure.declaration.merge},
                               {"ranking", &figure == ranking_figure(figures)}}));
  }
  return columns;
}

/// What the benchmark's schema declares to be merged.
struct Declared {
  std::vector<Figure> figures;
  std::optional<result::SummaryDeclaration> summary;
};

/// Counted results are signed over an envelope, so the benchmark has a schema.
Result<Declared> declared_in(const Json& metadata) {
  Declared declared;
  const Json* document = metadata.find_path({"medperf", "result_schema"});
  if (document == nullptr) return declared;
  MEDPERF_TRY(auto schema, result::ResultSchema::parse(*document));
  declared.figures = figures_of(schema);
  if (schema.summary() != nullptr) declared.summary = *schema.summary();
  return declared;
}

/// As much of the model's pooled figures as the viewer may see.
Pooled pooled_for(const ModelResults& model, const Declared& declared,
                  const wire::ReleasePolicy& policy, const Viewer& viewer) {
  Pooled pooled = pool(declared.figures, model.sites);
  if (declared.summary) {
    std::vector<const Json*> results;
    for (const SiteResult& site : model.sites) results.push_back(&site.results);
    pooled.cases = pool_cases(*declared.summary, results, pooled.warnings);
  }
  return released(std::move(pooled), declared.figures, [&](std::size_t sites) {
    return shows_pooled(policy, viewer, static_cast<std::int64_t>(sites));
  });
}

/// What one viewer sees of one model.
struct View {
  Json row;
  bool all_sites = true;
  bool pooled = false;
};

View view_of(const ModelResults& model, const std::vector<Figure>& figures, const Pooled& pooled,
             bool is_reference, const wire::ReleasePolicy& policy, const Viewer& viewer) {
  View view;
  Json sites = Json::array();
  for (const auto& site : model.sites) {
    if (shows_site(policy, viewer, {site.is_viewers, model.is_viewers})) {
      sites.push(site_json(site, figures));
    } else {
      view.all_sites = false;
    }
  }
  view.pooled = shows_pooled(policy, viewer, static_cast<std::int64_t>(model.sites.size()));
  view.row = Json::object({{"id", model.id},
                           {"name", model.name},
                           {"reference", is_reference},
                           {"sites", std::move(sites)},
                           {"pooled", view.pooled ? to_json(pooled, figures) : Json()}});
  return view;
}

}  // namespace

Result<Json> aggregate_benchmark(sql::Session& session, std::int64_t benchmark,
                                 const Viewer& viewer) {
  MEDPERF_TRY(auto stored, Repository(Entity::kBenchmark, Sight::whole()).get(session, benchmark));
  const Json metadata = stored.json(domain::kMetadata);
  const wire::ReleasePolicy policy =
      stored_policy(metadata.find_path({"medperf", "release_policy"}));
  MEDPERF_TRY(auto models, results_by_model(session, benchmark, viewer.user));

  MEDPERF_TRY(const auto declared, declared_in(metadata));
  const auto& figures = declared.figures;
  std::vector<Pooled> pooled;
  pooled.reserve(models.size());  // the figures below point into it
  std::vector<ModelFigures> summary;
  Json rows = Json::array();
  for (const auto& model : models) {
    pooled.push_back(pooled_for(model, declared, policy, viewer));
    const bool is_reference = model.id == stored.integer("reference_model");
    View view = view_of(model, figures, pooled.back(), is_reference, policy, viewer);
    rows.push(std::move(view.row));
    summary.push_back({model.name, view.all_sites ? &model.sites : nullptr,
                       view.pooled ? &pooled.back() : nullptr});
  }
  return Json::object({{"benchmark", benchmark},
                       {"figures", columns_json(figures)},
                       {"models", std::move(rows)},
                       {"statement", summary_sentence(ranking_figure(figures), summary,
                                                      policy.minimum_sites_for_statement)}});
}

}  // namespace medperf::hub
