#pragma once
// Who sees what of a benchmark's results: its release policy, applied to the person who looks.

#include <cstdint>

#include "base/json.h"
#include "domain/permission.h"
#include "wire/spec.h"

namespace medperf::hub {

/// A stored benchmark's `metadata.medperf.release_policy`: wire's defaults without one (null), and
/// for one that cannot be read nothing beyond the benchmark's owner.
wire::ReleasePolicy stored_policy(const Json* document);

/// The person who looks. Admins see everything.
struct Viewer {
  std::int64_t user = 0;
  domain::Relations relations;
};

/// What of a row is the viewer's: owned, or of an organisation that the viewer is a member of.
struct Own {
  bool dataset = false;
  bool model = false;
};

/// Whether a viewer sees the row of one model at one site.
bool shows_site(const wire::ReleasePolicy& policy, const Viewer& viewer, Own own);
/// Whether a viewer sees figures pooled over `sites` sites. Below the policy's minimum only who
/// sees every row does.
bool shows_pooled(const wire::ReleasePolicy& policy, const Viewer& viewer, std::int64_t sites);

}  // namespace medperf::hub
