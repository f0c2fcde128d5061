#pragma once
// Who sees what of a benchmark's results: the release policy (medperf/release/v1) as data.

#include <cstdint>

#include "base/json.h"
#include "base/result.h"
#include "domain/permission.h"

namespace medperf::hub {

inline constexpr std::string_view kReleaseVersion = "medperf/release/v1";

/// What the benchmark's owner allows. Without a document the defaults hold. The owner and admins
/// see everything.
struct ReleasePolicy {
  bool own_rows_for_dataset_owners = true;
  bool pooled_for_dataset_owners = true;
  bool own_sites_for_model_owners = true;  ///< site rows of the viewer's own models
  bool pooled_for_model_owners = true;
  std::int64_t minimum_sites_for_pooled = 3;      ///< fewer: pooled figures for nobody else
  std::int64_t minimum_sites_for_statement = 10;  ///< fewer: told that another site may differ
};

/// Reads {"medperf": "medperf/release/v1", "release": {"dataset_owner": "own-row+pooled",
/// "model_owner": "own-model-sites+pooled"}, "minimum_sites_for_pooled": int,
/// "minimum_sites_for_statement": int}; null gives the defaults. The words of a role are joined by
/// '+', "none" is nothing. A document of another version or form releases nothing beyond owner and
/// admin.
ReleasePolicy read_release_policy(const Json* document);

/// The person who looks.
struct Viewer {
  std::int64_t user = 0;
  domain::Relations relations;
  /// The benchmark's owner and admins.
  bool sees_all() const;
};

/// Whether a viewer sees the row of one model at one site.
bool shows_site(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t dataset_owner,
                std::int64_t model_owner);
/// Whether a viewer sees figures pooled over `sites` sites.
bool shows_pooled(const ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites);

}  // namespace medperf::hub
