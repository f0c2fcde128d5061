#include "hub/release/policy.h"

namespace medperf::hub {

using domain::Relation;

namespace {

ReleasePolicy nothing() {
  return {false, false, false, 3};
}

/// A boolean below two keys; anything that is no boolean releases nothing.
bool permitted(const Json& document, std::string_view who, std::string_view what, bool otherwise) {
  const Json* value = document.find_path({who, what});
  if (value == nullptr) return otherwise;
  return value->is_bool() && value->as_bool();
}

}  // namespace

ReleasePolicy read_release_policy(const Json* document) {
  if (document == nullptr || document->is_null()) return {};
  if (document->get_string("medperf") != kReleaseVersion) return nothing();
  ReleasePolicy policy;
  policy.pooled_for_dataset_owners =
      permitted(*document, "dataset_owners", "pooled", policy.pooled_for_dataset_owners);
  policy.pooled_for_model_owners =
      permitted(*document, "model_owners", "pooled", policy.pooled_for_model_owners);
  policy.own_sites_for_model_owners =
      permitted(*document, "model_owners", "own_sites", policy.own_sites_for_model_owners);
  if (const Json* minimum = document->find("minimum_sites"); minimum != nullptr) {
    if (!minimum->is_int() || minimum->as_int() < 1) return nothing();
    policy.minimum_sites = minimum->as_int();
  }
  return policy;
}

bool Viewer::sees_all() const {
  return relations.has(Relation::kAdmin) || relations.has(Relation::kOwner);
}

bool shows_site(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t dataset_owner,
                std::int64_t model_owner) {
  if (viewer.sees_all() || dataset_owner == viewer.user) return true;
  return model_owner == viewer.user && policy.own_sites_for_model_owners;
}

bool shows_pooled(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites) {
  if (viewer.sees_all()) return true;
  if (sites < policy.minimum_sites) return false;
  return (viewer.relations.has(Relation::kApprovedDatasetOwner) &&
          policy.pooled_for_dataset_owners) ||
         (viewer.relations.has(Relation::kApprovedModelOwner) && policy.pooled_for_model_owners);
}

}  // namespace medperf::hub
