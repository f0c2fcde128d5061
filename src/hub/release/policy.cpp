#include "hub/release/policy.h"

#include "base/encoding.h"

namespace medperf::hub {

using domain::Relation;

namespace {

ReleasePolicy nothing() {
  return {false, false, false, false, 3, 10};
}

/// Whether the words of a role hold one of them.
bool lists(const Json& document, std::string_view role, std::string_view wanted, bool otherwise) {
  const Json* words = document.find_path({"release", role});
  if (words == nullptr) return otherwise;
  if (!words->is_string()) return false;
  for (const auto word : split(words->as_string(), '+')) {
    if (trim(word) == wanted) return true;
  }
  return false;
}

/// Reads a number of sites; false, when it is none.
bool read_minimum(const Json& document, std::string_view key, std::int64_t& minimum) {
  const Json* value = document.find(key);
  if (value == nullptr) return true;
  if (!value->is_int() || value->as_int() < 1) return false;
  minimum = value->as_int();
  return true;
}

}  // namespace

ReleasePolicy read_release_policy(const Json* document) {
  ReleasePolicy policy;
  if (document == nullptr || document->is_null()) return policy;
  if (document->get_string("medperf") != kReleaseVersion) return nothing();
  policy.own_rows_for_dataset_owners = lists(*document, "dataset_owner", "own-row", true);
  policy.pooled_for_dataset_owners = lists(*document, "dataset_owner", "pooled", true);
  policy.own_sites_for_model_owners = lists(*document, "model_owner", "own-model-sites", true);
  policy.pooled_for_model_owners = lists(*document, "model_owner", "pooled", true);
  if (!read_minimum(*document, "minimum_sites_for_pooled", policy.minimum_sites_for_pooled) ||
      !read_minimum(*document, "minimum_sites_for_statement", policy.minimum_sites_for_statement)) {
    return nothing();
  }
  return policy;
}

bool Viewer::sees_all() const {
  return relations.has(Relation::kAdmin) || relations.has(Relation::kOwner);
}

bool shows_site(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t dataset_owner,
                std::int64_t model_owner) {
  if (viewer.sees_all()) return true;
  if (dataset_owner == viewer.user && policy.own_rows_for_dataset_owners) return true;
  return model_owner == viewer.user && policy.own_sites_for_model_owners;
}

bool shows_pooled(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites) {
  if (viewer.sees_all()) return true;
  if (sites < policy.minimum_sites_for_pooled) return false;
  return (viewer.relations.has(Relation::kApprovedDatasetOwner) &&
          policy.pooled_for_dataset_owners) ||
         (viewer.relations.has(Relation::kApprovedModelOwner) && policy.pooled_for_model_owners);
}

}  // namespace medperf::hub
