#include "hub/release/aggregate.h"

#include <string>
#include <utility>
#include <vector>

#include "domain/names.h"
#include "hub/release/pooling.h"
#include "hub/release/statement.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;

namespace {

struct ModelResults {
  std::int64_t id = 0;
  std::string name;
  std::int64_t owner = 0;
  std::vector<SiteResult> sites;
};

// The inner query finds a newer result that counts for the same model and dataset.
constexpr std::string_view kCounted =
    "SELECT m.id, m.name, m.owner, r.id, d.id, d.name, d.owner, r.results "
    "FROM results r JOIN models m ON m.id = r.model JOIN datasets d ON d.id = r.dataset "
    "JOIN benchmarks b ON b.id = r.benchmark "
    "WHERE r.benchmark = ? AND r.finalized = 1 AND r.is_valid = 1 AND r.signed = 1 "
    "AND r.compatibility_run = 0 AND r.approval_status <> 'REJECTED' "
    "AND m.is_valid = 1 AND d.is_valid = 1 "
    "AND EXISTS (SELECT 1 FROM current_dataset_associations a WHERE a.dataset = r.dataset "
    "AND a.benchmark = r.benchmark AND a.approval_status = 'APPROVED') "
    "AND (r.model = b.reference_model OR EXISTS (SELECT 1 FROM current_model_associations a "
    "WHERE a.model = r.model AND a.benchmark = r.benchmark AND a.approval_status = 'APPROVED')) "
    "AND NOT EXISTS (SELECT 1 FROM results n WHERE n.benchmark = r.benchmark AND n.model = r.model "
    "AND n.dataset = r.dataset AND n.finalized = 1 AND n.is_valid = 1 AND n.signed = 1 "
    "AND n.compatibility_run = 0 AND n.approval_status <> 'REJECTED' "
    "AND (n.finalized_at > r.finalized_at OR (n.finalized_at = r.finalized_at AND n.id > r.id))) "
    "ORDER BY m.id, d.id";

Result<std::vector<ModelResults>> counted_results(sql::Session& session, std::int64_t benchmark) {
  MEDPERF_TRY(auto rows, session.query(kCounted, {benchmark}));
  std::vector<ModelResults> models;
  for (const auto& row : rows) {
    if (models.empty() || models.back().id != row.integer(0)) {
      models.push_back({row.integer(0), row.text(1), row.integer(2), {}});
    }
    MEDPERF_TRY(auto envelope, parse_json(row.text(7)));
    const Json* results = envelope.find("results");
    models.back().sites.push_back({row.integer(3), row.integer(4), row.text(5), row.integer(6),
                                   results == nullptr ? Json() : *results});
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

/// Counted results are signed over an envelope, so the benchmark has a schema.
Result<std::vector<Figure>> declared_figures(const Json& metadata) {
  const Json* document = metadata.find_path({"medperf", "result_schema"});
  if (document == nullptr) return std::vector<Figure>{};
  MEDPERF_TRY(auto schema, result::ResultSchema::parse(*document));
  return figures_of(schema);
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
    if (shows_site(policy, viewer, site.dataset_owner, model.owner)) {
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
  MEDPERF_TRY(auto models, counted_results(session, benchmark));

  MEDPERF_TRY(const auto figures, declared_figures(metadata));
  std::vector<Pooled> pooled;
  pooled.reserve(models.size());  // the figures below point into it
  std::vector<ModelFigures> summary;
  Json rows = Json::array();
  for (const auto& model : models) {
    pooled.push_back(pool(figures, model.sites));
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
