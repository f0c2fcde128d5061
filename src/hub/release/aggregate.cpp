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

Json site_json(const SiteResult& site) {
  Json row = Json::object(
      {{"dataset", site.dataset}, {"site", site.site}, {"result", site.result}, {"signed", true}});
  for (const std::string_view key :
       {"n", "n_positive", "n_negative", "auc", "sensitivity", "specificity", "accuracy"}) {
    if (const Json* value = site.results.find(key); value != nullptr) row.set(key, *value);
  }
  return row;
}

/// What one viewer sees of one model.
struct View {
  Json row;
  bool all_sites = true;
  bool pooled = false;
};

View view_of(const ModelResults& model, const Pooled& pooled, bool is_reference,
             const wire::ReleasePolicy& policy, const Viewer& viewer) {
  View view;
  Json sites = Json::array();
  for (const auto& site : model.sites) {
    if (shows_site(policy, viewer, site.dataset_owner, model.owner)) {
      sites.push(site_json(site));
    } else {
      view.all_sites = false;
    }
  }
  view.pooled = shows_pooled(policy, viewer, static_cast<std::int64_t>(model.sites.size()));
  view.row = Json::object({{"id", model.id},
                           {"name", model.name},
                           {"reference", is_reference},
                           {"sites", std::move(sites)},
                           {"pooled", view.pooled ? to_json(pooled) : Json()}});
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

  std::vector<Pooled> pooled;
  pooled.reserve(models.size());  // the figures below point into it
  std::vector<ModelFigures> figures;
  Json rows = Json::array();
  for (const auto& model : models) {
    pooled.push_back(pool(model.sites));
    const bool is_reference = model.id == stored.integer("reference_model");
    View view = view_of(model, pooled.back(), is_reference, policy, viewer);
    rows.push(std::move(view.row));
    figures.push_back({model.name, view.all_sites ? &model.sites : nullptr,
                       view.pooled ? &pooled.back() : nullptr});
  }
  return Json::object(
      {{"benchmark", benchmark},
       {"models", std::move(rows)},
       {"statement", summary_sentence(figures, policy.minimum_sites_for_statement)}});
}

}  // namespace medperf::hub
