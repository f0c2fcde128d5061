#include "hub/release/policy.h"

#include <vector>

namespace medperf::hub {

using domain::Relation;
using wire::Release;
using wire::ReleasePolicy;

namespace {

/// What the policy grants a viewer, by each role that he or she has.
std::vector<Release> grants(const ReleasePolicy& policy, const Viewer& viewer, bool owns_dataset,
                            bool owns_model) {
  std::vector<Release> held;
  if (viewer.relations.has(Relation::kOwner)) held.push_back(policy.benchmark_owner);
  if (owns_dataset || viewer.relations.has(Relation::kApprovedDatasetOwner)) {
    held.push_back(policy.dataset_owner);
  }
  if (owns_model || viewer.relations.has(Relation::kApprovedModelOwner)) {
    held.push_back(policy.model_owner);
  }
  return held;
}

}  // namespace

ReleasePolicy stored_policy(const Json* document) {
  auto policy = wire::read_release_policy(document == nullptr ? Json() : *document);
  if (policy.ok()) return *policy;
  ReleasePolicy nothing;
  nothing.dataset_owner = {};
  nothing.model_owner = {};
  return nothing;
}

bool shows_site(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t dataset_owner,
                std::int64_t model_owner) {
  if (viewer.relations.has(Relation::kAdmin)) return true;
  const bool owns_dataset = dataset_owner == viewer.user;
  const bool owns_model = model_owner == viewer.user;
  for (const Release& release : grants(policy, viewer, owns_dataset, owns_model)) {
    if (release.everything || (release.own_rows && owns_dataset) ||
        (release.own_model_sites && owns_model)) {
      return true;
    }
  }
  return false;
}

bool shows_pooled(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites) {
  if (viewer.relations.has(Relation::kAdmin)) return true;
  for (const Release& release : grants(policy, viewer, false, false)) {
    if (release.everything || (release.pooled && sites >= policy.minimum_sites_for_pooled)) {
      return true;
    }
  }
  return false;
}

}  // namespace medperf::hub
