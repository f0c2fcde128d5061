#include "hub/release/policy.h"

#include <vector>

namespace medperf::hub {

using domain::Relation;
using wire::Release;
using wire::ReleasePolicy;

namespace {

/// What the policy grants a viewer, by each role that he or she has.
std::vector<Release> grants(const ReleasePolicy& policy, const Viewer& viewer, Own own) {
  std::vector<Release> held;
  // Who decides on a benchmark's results in its owner's place sees what the owner sees.
  if (viewer.relations.has(Relation::kOwner) || viewer.relations.has(Relation::kCommitteeMember)) {
    held.push_back(policy.benchmark_owner);
  }
  if (own.dataset || viewer.relations.has(Relation::kApprovedDatasetOwner)) {
    held.push_back(policy.dataset_owner);
  }
  if (own.model || viewer.relations.has(Relation::kApprovedModelOwner)) {
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

bool shows_site(const ReleasePolicy& policy, const Viewer& viewer, Own own) {
  if (viewer.relations.has(Relation::kAdmin)) return true;
  for (const Release& release : grants(policy, viewer, own)) {
    if (release.everything || (release.own_rows && own.dataset) ||
        (release.own_model_sites && own.model)) {
      return true;
    }
  }
  return false;
}

bool shows_pooled(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites) {
  if (viewer.relations.has(Relation::kAdmin)) return true;
  for (const Release& release : grants(policy, viewer, {})) {
    if (release.everything || (release.pooled && sites >= policy.minimum_sites_for_pooled)) {
      return true;
    }
  }
  return false;
}

}  // namespace medperf::hub
